package summary

import "cmp"

// The attention axis, and the lifecycles that stand for it.
const (
	AttentionNone         = "none"
	AttentionOpen         = "open"
	AttentionAcknowledged = "acknowledged"
	AttentionInProgress   = "in_progress"
)

// The sources of a next action and what it expects back.
const (
	ActionStructured = "structured"

	ResponseRequired = "response_required"
	ResponseNone     = "none"

	// ownerProvidesValue is the owner action that waits for an answer.
	ownerProvidesValue = "provide_value"
)

// NextAction is ACTION in JSON: what the owner is asked to do, from structured attention.
type NextAction struct {
	Source           string   `json:"source"`
	ReasonCode       *string  `json:"reason_code"`
	OwnerAction      *string  `json:"owner_action"`
	ActionTarget     *string  `json:"action_target"`
	AttentionID      *string  `json:"attention_id"`
	ExpiresAt        *Instant `json:"expires_at"`
	ResponseContract *string  `json:"response_contract"`
}

// attention is what is asked of the owner now.
type attention struct {
	axis string
	// primary is the first item open or acknowledged that has not expired; nil without one.
	primary *AttentionItem
	working *AttentionItem // the first in progress
}

// attentionOf takes the first of each kind, in the order that AttentionFacts describes. Expired ones ask for nothing.
func attentionOf(f AttentionFacts, clk *clock) attention {
	a := attention{axis: AttentionNone}
	opened := false
	for i := range f.Items {
		item := &f.Items[i]
		if item.ExpiresAt != nil && clk.reached(*item.ExpiresAt) {
			continue
		}
		switch item.Lifecycle {
		case AttentionOpen, AttentionAcknowledged:
			if a.primary == nil || item.before(a.primary) {
				a.primary = item
			}
			opened = opened || item.Lifecycle == AttentionOpen
		case AttentionInProgress:
			if a.working == nil || item.before(a.working) {
				a.working = item
			}
		}
	}
	switch {
	case opened:
		a.axis = AttentionOpen
	case a.primary != nil:
		a.axis = AttentionAcknowledged
	case a.working != nil:
		a.axis = AttentionInProgress
	}
	return a
}

// before orders items of one kind: the latest expiry first, never being the latest, then created_at and id.
func (i *AttentionItem) before(o *AttentionItem) bool {
	switch {
	case same(i.ExpiresAt, o.ExpiresAt):
	case i.ExpiresAt == nil || o.ExpiresAt == nil:
		return i.ExpiresAt == nil
	default:
		return i.ExpiresAt.After(*o.ExpiresAt)
	}
	return cmp.Or(i.CreatedAt.Time().Compare(o.CreatedAt.Time()), cmp.Compare(i.AttentionID, o.AttentionID)) < 0
}

// next renders the action that the primary item asks for; nil without one.
func (a attention) next() *NextAction {
	if a.primary == nil {
		return nil
	}
	n := &NextAction{
		Source: ActionStructured, ReasonCode: sanitized(a.primary.ReasonCode), OwnerAction: sanitized(a.primary.OwnerAction),
		AttentionID: &a.primary.AttentionID, ExpiresAt: a.primary.ExpiresAt,
	}
	if n.OwnerAction != nil {
		contract := ResponseNone
		if *n.OwnerAction == ownerProvidesValue {
			contract = ResponseRequired
		}
		n.ResponseContract = &contract
	}
	return n
}
