package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// variant is one way to do the same work.
type variant struct {
	name string
	// write performs one unit of work (a statement or batch) as worker number w and returns how many rows it wrote.
	write func(ctx context.Context, w int) (rows int, err error)
	// settle waits until what the writes left to do is done, so that it does not slow the next variant's turn; nil: nothing.
	settle func(ctx context.Context) error
}

// Figure is one line of a report: how one variant did in one setting.
type Figure struct {
	Bar     string  `json:"bar"`     // P1, …
	Setting string  `json:"setting"` // what was done, by how many
	Variant string  `json:"variant"`
	Rate    float64 `json:"rows_per_second"` // median over the rounds
	// Ratio is the median over the rounds of this variant's rate to the baseline's in the same round; 1 for the baseline.
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"ratio_low"` // quartiles
	High  float64 `json:"ratio_high"`
	Want  float64 `json:"want,omitempty"` // the bar, where there is one
}

// setting is one comparison; the first variant is the baseline.
type setting struct {
	bar, name string
	workers   int
	want      float64 // for the variant named tidemark
	variants  []variant
}

// compare measures a setting in interleaved rounds, after one round that is thrown away.
func compare(ctx context.Context, s setting, o Options) ([]Figure, error) {
	rates := make([][]float64, len(s.variants))
	for round := range o.Rounds + 1 {
		for _, v := range rand.Perm(len(s.variants)) {
			slice := o.Slice
			if round == 0 {
				slice = min(slice, 500*time.Millisecond)
			}
			rate, err := throughput(ctx, s.variants[v], s.workers, slice)
			if settle := s.variants[v].settle; err == nil && settle != nil {
				err = settle(ctx)
			}
			if err != nil {
				return nil, fmt.Errorf("measure %s, %s, %s: %w", s.bar, s.name, s.variants[v].name, err)
			}
			if round > 0 {
				rates[v] = append(rates[v], rate)
			}
		}
		o.progress(s, round)
	}
	var out []Figure
	for v, variant := range s.variants {
		ratios := make([]float64, len(rates[v]))
		for i, r := range rates[v] {
			ratios[i] = r / rates[0][i]
		}
		f := Figure{
			Bar: s.bar, Setting: s.name, Variant: variant.name, Rate: quantile(rates[v], 0.5),
			Ratio: quantile(ratios, 0.5), Low: quantile(ratios, 0.25), High: quantile(ratios, 0.75),
		}
		if variant.name == Tidemark {
			f.Want = s.want
		}
		out = append(out, f)
	}
	return out, nil
}

// throughput lets workers write for a slice of time and returns rows per second. Work that is under way at its end is
// finished and counted, with the time that it took.
func throughput(ctx context.Context, v variant, workers int, slice time.Duration) (float64, error) {
	rows := make([]int, workers)
	g, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for w := range workers {
		g.Go(func() error {
			for time.Since(start) < slice {
				n, err := v.write(ctx, w)
				if err != nil {
					return err
				}
				rows[w] += n
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	total := 0
	for _, n := range rows {
		total += n
	}
	return float64(total) / time.Since(start).Seconds(), nil
}

// quantile interpolates linearly.
func quantile(values []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	at := q * float64(len(s)-1)
	low := int(at)
	if low+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[low] + (at-float64(low))*(s[low+1]-s[low])
}
