//go:build soak

package locks

import "testing"

func TestSoakDisjointWriters(t *testing.T) { disjoint(t, 3000) }

func TestSoakOppositeOrders(t *testing.T) { opposite(t, 400) }
