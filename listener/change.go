package listener

import (
	"encoding/json"
	"errors"
	"fmt"

	"tidemark/drain"
)

// Change is what a drain announces once it has committed: the payload of channel tidemark_changed, a public contract
// (SPEC section 6).
type Change struct {
	// Version is the highest version that the drain wrote.
	Version int64
	// IDs are the connections that changed or were deleted; they are not to be modified. Nil: not told (too many, or
	// connectors changed); read what lies above the last version you saw.
	IDs []string
}

// errNoVersion is why a payload is not a change.
var errNoVersion = errors.New("no version above 0")

// ParseChange reads a payload: {"version": N, "ids": ["…"]}. Members it does not know are for later versions.
func ParseChange(payload string) (Change, error) {
	var wire struct {
		Version int64    `json:"version"`
		IDs     []string `json:"ids"`
	}
	if err := json.Unmarshal([]byte(payload), &wire); err != nil {
		return Change{}, fmt.Errorf("read change: %w", err)
	}
	if wire.Version <= 0 {
		return Change{}, fmt.Errorf("read change: %w", errNoVersion)
	}
	return Change{Version: wire.Version, IDs: wire.IDs}, nil
}

// ChangeOf is what a drain has to announce; false if it changed nothing. For engines without a change channel.
func ChangeOf(r drain.Result) (Change, bool) {
	if r.MaxVersion == 0 {
		return Change{}, false
	}
	c := Change{Version: r.MaxVersion}
	if len(r.Manifests) > 0 {
		return c, true
	}
	c.IDs = make([]string, 0, len(r.Changed)+len(r.Deleted))
	for _, changed := range r.Changed {
		c.IDs = append(c.IDs, changed.ID)
	}
	for _, deleted := range r.Deleted {
		c.IDs = append(c.IDs, deleted.ConnectionID)
	}
	return c, true
}
