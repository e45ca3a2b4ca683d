//go:build ignore

// Command patch copies FerretDB's sources, changes a few of them, and writes the
// go.mod with which to build from the copy:
//
//	go run patch.go DIR && go build -modfile=DIR/go.mod
//
// As it is, FerretDB finds nothing in SQLite through an index, may lose one of two
// updates of one document at the same moment, and never ends an update of more
// than a hundred documents. MongoDB does none of that.
package main

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A change replaces a text that occurs exactly once in a file.
type change struct{ file, old, new string }

var changes = []change{
	// The expression that the index of _id is made of; another spelling does not use it.
	{
		"internal/backends/sqlite/metadata/metadata.go",
		"IDColumn = DefaultColumn + \"->'$._id'\"",
		"IDColumn = DefaultColumn + `->\"_id\"`",
	},
	// What a find may hand down: the order by _id, and how many to look at.
	{
		"internal/backends/collection.go",
		"type QueryParams struct {\n",
		"type QueryParams struct {\n\tIDOrder int64\n\tIDLimit int64\n",
	},
	{
		"internal/handler/msg_find.go",
		"\t// Limit pushdown is not applied if:\n",
		idOrder + "\t// Limit pushdown is not applied if:\n",
	},
	{
		"internal/backends/sqlite/collection.go",
		querySingleID,
		"\twhereClause, args, whole := pushdown(params.Filter)\n\tq += whereClause\n",
	},
	{
		"internal/backends/sqlite/collection.go",
		"\tq += prepareOrderByClause(params.Sort)\n\n\tif params.Limit != 0 {\n",
		"\tq += prepareOrderByClause(params.Sort)\n" + queryByID + "\n\tif params.Limit != 0 {\n",
	},
	// One update at a time: between reading a document and writing it nobody else writes.
	{
		"internal/handler/msg_update.go",
		"\tmatched, modified, upserted, err := h.updateDocument(connCtx, params)\n",
		"\tupdating.Lock()\n\tdefer updating.Unlock()\n\n" +
			"\tmatched, modified, upserted, err := h.updateDocument(connCtx, params)\n",
	},
	// What one statement has read is let go before the next: otherwise a hundred statements
	// hold all connections to SQLite, and wait for one more.
	{
		"internal/handler/msg_update.go",
		"\t\tresult, err := common.UpdateDocument(ctx, c, \"update\", iter, &u)\n",
		"\t\tresult, err := common.UpdateDocument(ctx, c, \"update\", iter, &u)\n\t\tcloser.Close()\n",
	},
	{
		"internal/handler/msg_update.go",
		"// MsgUpdate implements",
		"// updating is held while documents are read and written back.\nvar updating sync.Mutex\n\n// MsgUpdate implements",
	},
	{"internal/handler/msg_update.go", "import (\n\t\"context\"\n", "import (\n\t\"context\"\n\t\"sync\"\n"},
}

const idOrder = `	if order, err := params.Sort.Get("_id"); err == nil && params.Sort.Len() == 1 && !h.DisablePushdown {
		switch order {
		case int32(1), int64(1), float64(1):
			qp.IDOrder = 1
		case int32(-1), int64(-1), float64(-1):
			qp.IDOrder = -1
		}
		if params.Limit > 0 {
			qp.IDLimit = params.Skip + params.Limit
		}
	}

`

const querySingleID = `	var whereClause string
	var args []any

	// that logic should exist in one place
	// TODO https://github.com/FerretDB/FerretDB/issues/3235
	if params.Filter.Len() == 1 {
		v, _ := params.Filter.Get("_id")
		switch v.(type) {
		case string, types.ObjectID:
			whereClause = fmt.Sprintf(` + "` WHERE %s = ?`" + `, metadata.IDColumn)
			args = []any{string(must.NotFail(sjson.MarshalSingleValue(v)))}
		}
	}

	q += whereClause
`

const queryByID = `
	if whole && !meta.Capped() {
		orderClause, orderArgs := orderByID(params.IDOrder, params.IDLimit)
		q += orderClause
		args = append(args, orderArgs...)
	}
`

// added are the files that stand beside this one in _added, with their places.
var added = map[string]string{"pushdown.go": "internal/backends/sqlite/pushdown.go"}

const module = "github.com/FerretDB/FerretDB"

func main() {
	log.SetFlags(0)
	log.SetPrefix("patch: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: go run patch.go DIR")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(directory string) error {
	// Where nothing was built yet, the sources are still to be fetched.
	download := exec.Command("go", "mod", "download", module)
	download.Stderr = os.Stderr
	if err := download.Run(); err != nil {
		return fmt.Errorf("fetching FerretDB's sources: %w", err)
	}
	original, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("looking for FerretDB's sources: %w", err)
	}
	sources, err := filepath.Abs(filepath.Join(directory, "sources"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(sources); err != nil {
		return err
	}
	if err := copyAll(strings.TrimSpace(string(original)), sources); err != nil {
		return err
	}
	for name, place := range added {
		if err := copyFile(filepath.Join("_added", name), filepath.Join(sources, place)); err != nil {
			return err
		}
	}
	for _, change := range changes {
		if err := change.apply(sources); err != nil {
			return err
		}
	}
	return writeModule(directory, sources)
}

// copyAll copies what is needed to build; the cache's files are read-only, the copies are not.
func copyAll(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(place, 0o755)
		}
		return copyFile(path, place)
	})
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

func (c change) apply(sources string) error {
	path := filepath.Join(sources, c.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if count := strings.Count(string(text), c.old); count != 1 {
		return fmt.Errorf("%s holds %d times what should be changed: %q", c.file, count, c.old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644)
}

// writeModule writes go.mod and go.sum for a build from the copy.
func writeModule(directory, sources string) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := copyFile(name, filepath.Join(directory, name)); err != nil {
			return err
		}
	}
	replace := exec.Command("go", "mod", "edit", "-replace", module+"="+sources, filepath.Join(directory, "go.mod"))
	replace.Stderr = os.Stderr
	return replace.Run()
}
