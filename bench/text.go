package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteText prints the report as a table: the medians, the ratios with their quartiles, and whether the bar is met.
func (r Report) WriteText(w io.Writer) error {
	m := r.Machine
	if _, err := fmt.Fprintf(w, "%s, %d cores, %s, %s; %d interleaved rounds of %s, medians\n\n", m.CPU, m.Cores, m.OS, m.Go, r.Rounds, r.Slice); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "bar\tsetting\tvariant\trows/s\tratio\tquartiles\twanted")
	for _, f := range r.Figures {
		want := ""
		if f.Want > 0 {
			want = fmt.Sprintf("≥ %.2f met", f.Want)
			if f.Ratio < f.Want {
				want = fmt.Sprintf("≥ %.2f MISSED", f.Want)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.0f\t%.2f\t%.2f–%.2f\t%s\n", f.Bar, f.Setting, f.Variant, f.Rate, f.Ratio, f.Low, f.High, want)
	}
	return t.Flush()
}
