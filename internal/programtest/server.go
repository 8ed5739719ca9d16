package programtest

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"tidemark/internal/poll"
)

// Server is a `tidemark serve` in the background.
type Server struct {
	*Process
	// URL is where it listens: http://HOST:PORT.
	URL string
	// Token is the one that --demo has made; "" without.
	Token string
	// Client is what Get asks with.
	Client *http.Client
}

// Serve starts a server on a free port, and returns when it has given its address.
func Serve(t testing.TB, dsn string, flags ...string) *Server {
	t.Helper()
	return Listening(t, ServeCommand(t, dsn, flags...))
}

// ServeCommand is the Command that Serve starts.
func ServeCommand(t testing.TB, dsn string, flags ...string) *exec.Cmd {
	t.Helper()
	return Command(t, dsn, append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)...)
}

// Listening starts a ServeCommand, which the caller may have changed, and returns when it has given its address.
func Listening(t testing.TB, cmd *exec.Cmd) *Server {
	t.Helper()
	s := &Server{Process: Start(t, cmd), Client: http.DefaultClient}
	var line string
	poll.Until(t, "serve gives its address", func() bool {
		if !s.Runs() {
			t.Fatalf("serve ended before it gave its address; it logged:\n%s", tail(s.Stderr()))
		}
		var whole bool
		line, _, whole = strings.Cut(s.Stdout(), "\n")
		return whole
	})
	address, ok := strings.CutPrefix(line, "Tidemark console: ")
	if !ok {
		t.Fatalf("serve printed %q first, and not its address", line)
	}
	address, s.Token, _ = strings.Cut(address, "#token=")
	s.URL = strings.TrimSuffix(address, "/")
	return s
}

// Get reads a path as the owner of a token, or as nobody where that is "".
func (s *Server) Get(ctx context.Context, path, token string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}
