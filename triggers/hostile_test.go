package triggers

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// hostile fills a schema with what a careless function body would call in place of pg_catalog's: every operator, function,
// aggregate and type that any body uses. Whatever of it runs raises an error.
const hostile = `
	CREATE SCHEMA evil AUTHORIZATION mallory;
	SET ROLE mallory;
	SET search_path = pg_catalog;
	DO $do$
	DECLARE t text; o text; r text;
	BEGIN
		FOREACH t IN ARRAY ARRAY['text', 'int4', 'int8', 'numeric', 'bool', 'timestamptz', 'json'] LOOP
			FOREACH r IN ARRAY ARRAY['bool', 'int8', 'text'] LOOP
				EXECUTE format('CREATE FUNCTION evil.ran_%s_%s(a pg_catalog.%s, b pg_catalog.%s) RETURNS pg_catalog.%s LANGUAGE plpgsql AS
					$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', t, r, t, t, r);
			END LOOP;
			FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>', '<='] LOOP
				EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = evil.ran_%s_bool)', o, t, t, t);
			END LOOP;
			EXECUTE format('CREATE OPERATOR evil.- (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = evil.ran_%s_int8)', t, t, t);
			EXECUTE format('CREATE FUNCTION evil.one_%s(a pg_catalog.%s) RETURNS pg_catalog.%s LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', t, t, t);
			EXECUTE format('CREATE OPERATOR evil.- (RIGHTARG = pg_catalog.%s, FUNCTION = evil.one_%s)', t, t);
			EXECUTE format('CREATE FUNCTION evil.abs(a pg_catalog.%s) RETURNS pg_catalog.%s LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', t, t);
			FOREACH o IN ARRAY ARRAY['sum', 'max', 'bool_or'] LOOP
				EXECUTE format('CREATE FUNCTION evil.step_%s_%s(s pg_catalog.int8, a pg_catalog.%s) RETURNS pg_catalog.int8 LANGUAGE plpgsql AS
					$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', o, t, t);
				EXECUTE format('CREATE AGGREGATE evil.%s(pg_catalog.%s) (SFUNC = evil.step_%s_%s, STYPE = pg_catalog.int8, INITCOND = ''0'')', o, t, o, t);
			END LOOP;
		END LOOP;
		FOREACH t IN ARRAY ARRAY['int8 int4', 'numeric int4', 'numeric int8'] LOOP
			FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>', '<='] LOOP
				r := replace(t, ' ', '_') || translate(o, '=<>', 'elg');
				EXECUTE format('CREATE FUNCTION evil.mixed_%s(a pg_catalog.%s, b pg_catalog.%s) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
					$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', r, split_part(t, ' ', 1), split_part(t, ' ', 2));
				EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = evil.mixed_%s)',
					o, split_part(t, ' ', 1), split_part(t, ' ', 2), r);
			END LOOP;
		END LOOP;
		CREATE FUNCTION evil.get(a pg_catalog.json, b pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile'; END $$;
		CREATE OPERATOR evil.->> (LEFTARG = pg_catalog.json, RIGHTARG = pg_catalog.text, FUNCTION = evil.get);
		CREATE FUNCTION evil.step_count(s pg_catalog.int8) RETURNS pg_catalog.int8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile'; END $$;
		CREATE AGGREGATE evil.count(*) (SFUNC = evil.step_count, STYPE = pg_catalog.int8, INITCOND = '0');
		CREATE FUNCTION evil.current_setting(a pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile'; END $$;
		CREATE FUNCTION evil.pg_notify(a pg_catalog.text, b pg_catalog.text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile'; END $$;
		CREATE FUNCTION evil.pg_sequence_last_value(a pg_catalog.regclass) RETURNS pg_catalog.int8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile'; END $$;
		FOREACH t IN ARRAY ARRAY['text', 'bool'] LOOP
			EXECUTE format('CREATE FUNCTION evil.valid_%s(a pg_catalog.%s) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION ''hostile''; END $$', t, t);
			EXECUTE format('CREATE DOMAIN evil.%s AS pg_catalog.%s CHECK (evil.valid_%s(VALUE))', t, t, t);
		END LOOP;
	END $do$;
	RESET ROLE;
	RESET search_path`

// trap gives a session temporary objects under every name that a body uses, and puts the hostile schema first.
const trap = `
	SET search_path = pg_catalog;
	CREATE TEMP TABLE new_rows AS SELECT 'b'::text AS connector_instance_id, 's'::text AS stream, 1000 AS record_bytes, now() AS emitted_at, false AS deleted;
	CREATE TEMP TABLE old_rows AS TABLE new_rows;
	CREATE TEMP TABLE marks (LIKE new_rows);
	CREATE DOMAIN pg_temp.component AS text;
	CREATE DOMAIN pg_temp.int8 AS text;
	SET search_path = evil, pg_temp, pg_catalog, public`

// careful is a statement of one that itself uses nothing of the search_path.
func careful(sql string) string {
	sql = regexp.MustCompile(`WHERE (\w+) = `).ReplaceAllString(sql, "WHERE $1 OPERATOR(pg_catalog.=) ")
	return regexp.MustCompile(`\b(INTO|FROM|TRUNCATE|UPDATE) (\w+)`).ReplaceAllString(sql, "$1 public.$2")
}

// moving has every update taken for a move.
func (b *bench) moving() {
	b.Helper()
	for _, s := range sources {
		b.exec(`CREATE TRIGGER moving BEFORE UPDATE ON ` + s.table + ` FOR EACH ROW EXECUTE FUNCTION ` + s.move().qualified() + `()`)
	}
}

// effects runs every statement of one and prints the marks of each.
func (b *bench) effects(by *session, role string) []string {
	b.Helper()
	by.exec(`SET session_replication_role = ` + role)
	var out []string
	for _, sql := range one {
		by.exec(careful(sql))
		out = append(out, strings.Join(b.take(), "; "))
	}
	return out
}

// No function runs anything that a writer's search_path offers, and its marks are right all the same (SPEC G11).
func TestHostileSearchPath(t *testing.T) {
	b := open(t)
	b.writer("mallory")
	b.exec(hostile)
	b.moving()
	b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
	for _, role := range []string{"origin", "replica"} {
		want := b.effects(b.open(""), role)
		w := b.open("mallory")
		if got := b.effects(w, role); !slices.Equal(got, want) { // plans are cached
			t.Errorf("as %s:\n got %q\nwant %q", role, got, want)
		}
		for _, path := range []string{`SET search_path = ''`, trap} {
			w.exec(path)
			if got := b.effects(w, role); !slices.Equal(got, want) {
				t.Errorf("as %s under %s:\n got %q\nwant %q", role, path, got, want)
			}
		}
		fresh := b.open("mallory")
		fresh.exec(trap)
		if got := b.effects(fresh, role); !slices.Equal(got, want) {
			t.Errorf("as %s in a new session:\n got %q\nwant %q", role, got, want)
		}
	}
}

// The test above is worth something: each function would fall into the trap if it were written carelessly.
func TestHostileSearchPathCatchesCarelessBodies(t *testing.T) {
	b := open(t)
	b.writer("mallory")
	b.exec(hostile)
	b.moving()
	b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
	w := b.open("mallory")
	w.exec(trap)
	careless := regexp.MustCompile(`OPERATOR\(pg_catalog\.([^)]+)\)`)
	for _, o := range wanted() {
		if o.kind != kindFunction {
			continue
		}
		b.exec(strings.ReplaceAll(careless.ReplaceAllString(o.definition, "$1"), "pg_catalog.", ""))
		role := "origin"
		if strings.HasSuffix(o.name, "_replica") {
			role = "replica"
		}
		w.exec(`BEGIN; SET LOCAL session_replication_role = ` + role)
		var err error
		for _, sql := range one {
			if _, err = w.Exec(t.Context(), careful(sql)); err != nil {
				break
			}
		}
		w.exec(`ROLLBACK`)
		b.exec(o.definition)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || !strings.Contains(pg.Message, "hostile") || !strings.Contains(pg.Where, "function tidemark."+o.name) {
			t.Errorf("careless %s: %v", o, err)
		}
	}
}

// Every name in a body has its schema. What the hostile schema above does not offer is found here.
func TestEveryNameIsQualified(t *testing.T) {
	quoted := regexp.MustCompile(`'[^']*'`)
	operator := regexp.MustCompile(`OPERATOR\(pg_catalog\.[^)]+\)`)
	harmless := regexp.MustCompile(`:=|::|-1 AS sign|, -1,`)
	call := regexp.MustCompile(`([\w.]+)\(`)
	cast := regexp.MustCompile(`::([\w.]+)`)
	from := regexp.MustCompile(`(?:FROM|INTO|,) ([a-z][\w.]*) [a-z]\b`)
	lookup := regexp.MustCompile(`(?i)\b(DISTINCT FROM|IN \(|BETWEEN|LIKE|ILIKE|SIMILAR|USING|NULLIF|OVERLAPS|CASE [^W])`)
	for _, o := range wanted() {
		if o.kind != kindFunction {
			continue
		}
		_, body, _ := strings.Cut(o.definition, "AS $function$")
		body = strings.TrimSuffix(body, "$function$\n")
		body = quoted.ReplaceAllString(body, "''")
		if found := lookup.FindString(body); found != "" {
			t.Errorf("%s: %s looks up an operator by name", o, found)
		}
		for _, m := range cast.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(m[1], "pg_catalog.") && !strings.HasPrefix(m[1], "tidemark.") {
				t.Errorf("%s: type %s", o, m[1])
			}
		}
		for _, m := range from.FindAllStringSubmatch(body, -1) {
			if m[1] != "new_rows" && m[1] != "old_rows" {
				t.Errorf("%s: table %s", o, m[1])
			}
		}
		body = harmless.ReplaceAllString(operator.ReplaceAllString(body, ""), "")
		body = strings.ReplaceAll(body, "count(*)", "count()")
		if i := strings.IndexAny(body, "+-*/<>=~!@#%^&|"); i >= 0 {
			t.Errorf("%s: operator in %q", o, body[max(0, i-30):min(len(body), i+10)])
		}
		for _, m := range call.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(m[1], "pg_catalog.") && strings.ToUpper(m[1]) != m[1] {
				t.Errorf("%s: function %s", o, m[1])
			}
		}
	}
}
