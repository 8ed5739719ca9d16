package pgcluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// accessRules let every user in through the socket, whose directory is private, but nobody of this machine become the
// superuser over TCP without the password: a superuser runs programs. Roles that a test makes are free to come in.
const accessRules = `# database and user, from where, how
local all         all                       trust
local replication all                       trust
host  all         postgres 127.0.0.1/32     scram-sha-256
host  replication postgres 127.0.0.1/32     scram-sha-256
host  all         all      127.0.0.1/32     trust
host  replication all      127.0.0.1/32     trust
`

// initialize makes the data directory.
func (c *Cluster) initialize(ctx context.Context) error {
	secret := filepath.Join(c.dir, "password")
	if err := c.write(secret, c.password); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.binDir, "initdb"), "--pgdata="+c.DataDir(), "--username="+Superuser,
		"--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--pwfile="+secret, "--no-sync", "--no-instructions")
	if out, err := c.run(cmd); err != nil {
		return fmt.Errorf("run initdb: %w\n%s", err, out)
	}
	if err := os.Remove(secret); err != nil {
		return err
	}
	if err := c.write(filepath.Join(c.DataDir(), "pg_hba.conf"), c.options.access()); err != nil {
		return err
	}
	return c.configure()
}

// configure appends the settings to the server's own file, where later lines win.
func (c *Cluster) configure() error {
	file, err := os.OpenFile(filepath.Join(c.DataDir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure server: %w", err)
	}
	if _, err := file.WriteString("\n" + c.options.config()); err != nil {
		file.Close()
		return fmt.Errorf("configure server: %w", err)
	}
	return file.Close()
}

// run runs a program of the server's as its account, in the cluster's directory, where the watchdog finds it.
func (c *Cluster) run(cmd *exec.Cmd) ([]byte, error) {
	cmd.Dir, cmd.Env, cmd.SysProcAttr = c.dir, environment(), c.as.attr()
	out, err := cmd.CombinedOutput()
	return bytes.TrimSpace(out), err
}

// write makes a file that only the account may read.
func (c *Cluster) write(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	return c.as.own(path)
}
