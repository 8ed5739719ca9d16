package listener

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

func TestRunFailsFast(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	empty := cluster.NewDatabase(t)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := nobody.Addr().String()
	nobody.Close()
	const secret = "hunter2hunter2"
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"no connection":    {Config{Drainer: &scripted{}}, "no connection configuration"},
		"no drainer":       {Config{Connect: parse(t, empty)}, "no drainer"},
		"unknown signal":   {Config{Connect: parse(t, empty), Drainer: &scripted{}, Signal: "smoke"}, `unknown signal "smoke"`},
		"nobody there":     {Config{Connect: parse(t, "postgres://u:"+secret+"@"+address+"/d?sslmode=disable"), Drainer: &scripted{}}, "connect to database"},
		"wrong database":   {Config{Connect: parse(t, cluster.DSN("nowhere")), Drainer: &scripted{}}, `database "nowhere" does not exist`},
		"without a schema": {Config{Connect: parse(t, empty), Drainer: &scripted{}}, "tidemark migrate up"},
	} {
		err := New(c.cfg).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", name, err, c.want)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), address) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
}

func TestRunEndsAtOnceIfAskedToBeforeItBegins(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(config(t, pgtest.NewDatabase(t))).Run(ctx); err != nil {
		t.Error(err)
	}
}

// What a status shows may be read by those who may not know the password.
func TestFaultsTellNoSecrets(t *testing.T) {
	const secret = "Xk29vQ7tLm04zRw8"
	_, parsing := pgx.ParseConfig("postgres://u:" + secret + "@h:notaport/d")
	cfg := parse(t, "postgres://u:"+secret+"@127.0.0.1:1/d?sslmode=disable")
	_, connecting := pgx.ConnectConfig(t.Context(), cfg)
	for _, err := range []error{
		parsing, connecting, guard("connect", connecting), fmt.Errorf("drain: %w", connecting),
		errors.New("dial postgres://u:" + secret + "@h/d failed"), errors.New("password=" + secret),
	} {
		w := newTestWorker(&scripted{})
		w.fault(FaultDrain, err)
		shown, marshal := json.Marshal(w.snapshot())
		if marshal != nil {
			t.Fatal(marshal)
		}
		if strings.Contains(string(shown), secret) {
			t.Errorf("%v is shown as %s", err, shown)
		}
		if check := w.snapshot().Check(); strings.Contains(check.Reason, secret) {
			t.Errorf("readiness says %s", check.Reason)
		}
	}
}

func TestDescribeKeepsWhatHelps(t *testing.T) {
	t.Parallel()
	dsn := pgtest.NewDatabase(t)
	w, err := dial(t.Context(), parse(t, dsn), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	err = w.exec(t.Context(), "raise wake-up flag", "SELECT setval('nowhere', 1)")
	if got, want := describe(err), `raise wake-up flag: relation "nowhere" does not exist`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if f := newFault(time.Now(), FaultConnection, err); f.SQLState != "42P01" {
		t.Errorf("fault %+v", f)
	}
	if got := describe(context.DeadlineExceeded); got != "the database did not answer in time" {
		t.Errorf("%q", got)
	}
}
