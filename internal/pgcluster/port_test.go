package pgcluster

import (
	"net"
	"strconv"
	"testing"
)

func TestReservedPortIsTheServersAlone(t *testing.T) {
	port, reserved, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(when string) {
		if again, err := reserve(port); err == nil {
			t.Errorf("port was reserved again %s: %v", when, again.close())
		}
	}
	refused("while nobody listens")
	for range 2 { // the server may come back
		server, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)) // sets SO_REUSEADDR, as PostgreSQL does
		if err != nil {
			t.Fatal(err)
		}
		refused("while the server listens")
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		refused("after the server went down")
	}
	if err := reserved.close(); err != nil {
		t.Fatal(err)
	}
	again, err := reserve(port)
	if err != nil {
		t.Fatalf("port given back was not free: %v", err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}
