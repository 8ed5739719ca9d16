package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"tidemark/summary"
)

// member is one member of a demo record.
type member struct {
	name string
	make func(*rand.Rand) any
}

// demoShapes say what the records of a stream look like, beside an id and a time.
var demoShapes = map[string][]member{
	"orders":        {{"total", money(5, 240)}, {"currency", of("EUR", "USD")}, {"items", number(1, 6)}, {"state", of("delivered", "delivered", "shipped")}},
	"order_items":   {{"title", words(3, 7)}, {"quantity", number(1, 3)}, {"price", money(3, 90)}},
	"returns":       {{"reason", of("too_small", "damaged", "not_needed")}, {"refund", money(5, 80)}},
	"accounts":      {{"type", of("checking", "savings", "credit_card")}, {"balance", money(10, 9000)}, {"currency", of("USD")}},
	"transactions":  {{"amount", money(-180, 40)}, {"payee", words(1, 3)}, {"category", of("food", "rent", "travel", "salary", "health")}, {"note", words(0, 6)}},
	"statements":    {{"pages", number(2, 9)}, {"closing_balance", money(100, 9000)}},
	"messages":      {{"from", of("bo", "chris", "dana", "eve", "news", "école")}, {"subject", words(2, 8)}, {"text", words(5, 60)}, {"unread", flag(8)}},
	"labels":        {{"name", words(1, 2)}, {"color", of("red", "green", "blue")}},
	"chats":         {{"title", words(1, 3)}, {"members", number(2, 12)}},
	"plays":         {{"track", words(2, 5)}, {"artist", words(1, 2)}, {"seconds", number(20, 420)}},
	"playlists":     {{"name", words(1, 4)}, {"tracks", number(3, 200)}},
	"samples":       {{"kind", of("heart_rate", "steps", "energy")}, {"value", number(40, 190)}, {"source", of("watch", "phone")}},
	"workouts":      {{"kind", of("run", "swim", "ride")}, {"minutes", number(12, 140)}, {"kcal", number(80, 900)}},
	"activities":    {{"kind", of("run", "ride", "hike")}, {"km", money(2, 90)}, {"climb", number(0, 1400)}},
	"repositories":  {{"name", words(1, 2)}, {"stars", number(0, 900)}, {"private", flag(3)}},
	"events":        {{"type", of("push", "issue", "review")}, {"title", words(3, 9)}},
	"watch_history": {{"title", words(3, 9)}, {"channel", words(1, 2)}, {"seconds", number(30, 3600)}},
	"subscriptions": {{"channel", words(1, 3)}},
	"connections":   {{"name", words(2, 2)}, {"company", words(1, 2)}},
	"pages":         {{"title", words(2, 6)}, {"text", words(10, 90)}},
}

var vocabulary = strings.Fields(`amber anchor autumn basket beacon birch bridge candle canvas cedar circle cliff cloud coast copper
	coral crane delta dusk ember feather field finch forest garden glass grove harbour hazel hill island ivory juniper lantern
	ledger linen maple marble meadow mill mirror moss north oak ocean orchard paper pebble pine quartz quay quill reef river
	rowan saddle salt shore silver slate spring stone summit tide timber valley velvet violet wave willow winter wren yarrow`)

func words(least, most int) func(*rand.Rand) any {
	return func(r *rand.Rand) any {
		out := make([]string, least+r.IntN(most-least+1))
		for i := range out {
			out[i] = vocabulary[r.IntN(len(vocabulary))]
		}
		return strings.Join(out, " ")
	}
}

func of(choices ...string) func(*rand.Rand) any {
	return func(r *rand.Rand) any { return choices[r.IntN(len(choices))] }
}

func number(least, most int) func(*rand.Rand) any {
	return func(r *rand.Rand) any { return least + r.IntN(most-least+1) }
}

func money(least, most int) func(*rand.Rand) any {
	return func(r *rand.Rand) any {
		return json.RawMessage(fmt.Sprintf("%.2f", float64(least)+r.Float64()*float64(most-least)))
	}
}

func flag(oneIn int) func(*rand.Rand) any {
	return func(r *rand.Rand) any { return r.IntN(oneIn) == 0 }
}

// demoRecord is the JSON of one record, its members in a fixed order.
func demoRecord(r *rand.Rand, stream, key string, at summary.Instant) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%s,"at":%s`, encode(key), encode(at))
	for _, m := range demoShapes[stream] {
		fmt.Fprintf(&b, `,%s:%s`, encode(m.name), encode(m.make(r)))
	}
	return b.String() + "}"
}

// encode is for values that can be encoded.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode demo value %v: %v", v, err))
	}
	return string(text)
}
