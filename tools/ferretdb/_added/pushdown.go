package sqlite

import (
	"fmt"
	"strings"

	"github.com/FerretDB/FerretDB/internal/backends/sqlite/metadata"
	"github.com/FerretDB/FerretDB/internal/handler/sjson"
	"github.com/FerretDB/FerretDB/internal/types"
	"github.com/FerretDB/FerretDB/internal/util/must"
)

// operators are the comparisons of an _id that SQLite can make by itself.
var operators = map[string]string{"$eq": "=", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}

// indexed are the fields of an index whose equality SQLite can look up. None of
// them ever holds an array, which an equality would match element by element.
var indexed = map[string]bool{"group": true, "from": true, "cid": true}

// pushdown turns what it can of a filter into a WHERE clause. All that it leaves
// out is filtered by the handler; whole says that nothing was left out.
func pushdown(filter *types.Document) (clause string, args []any, whole bool) {
	whole = true
	var parts []string
	for _, key := range filter.Keys() {
		value := must.NotFail(filter.Get(key))
		switch {
		case key == "_id":
			part, values, ok := pushdownID(value)
			whole = whole && ok
			parts, args = append(parts, part...), append(args, values...)
		case indexed[key] && isString(value):
			parts = append(parts, fmt.Sprintf("%s->%q = ?", metadata.DefaultColumn, key))
			args = append(args, marshal(value))
		default:
			whole = false
		}
	}
	if len(parts) > 0 {
		clause = " WHERE " + strings.Join(parts, " AND ")
	}
	return clause, args, whole
}

// pushdownID does so for the condition of _id: a value, a range of plain
// strings, or a list of strings.
func pushdownID(value any) (parts []string, args []any, whole bool) {
	switch value := value.(type) {
	case string, types.ObjectID:
		return []string{metadata.IDColumn + " = ?"}, []any{marshal(value)}, true
	case *types.Document:
		whole = true
		for _, name := range value.Keys() {
			operand := must.NotFail(value.Get(name))
			switch {
			case operators[name] != "" && isPlain(operand):
				parts = append(parts, metadata.IDColumn+" "+operators[name]+" ?")
				args = append(args, marshal(operand))
			case name == "$in":
				list, ok := marshalStrings(operand)
				if !ok {
					whole = false
					continue
				}
				marks := strings.TrimSuffix(strings.Repeat("?,", len(list)), ",")
				parts = append(parts, metadata.IDColumn+" IN ("+marks+")")
				args = append(args, list...)
			default:
				whole = false
			}
		}
		return parts, args, whole
	default:
		return nil, nil, false
	}
}

// isString says whether a value is a string.
func isString(value any) bool {
	_, ok := value.(string)
	return ok
}

// isPlain says whether a value is a string that sorts in its JSON form as it
// does by itself: without characters that JSON escapes or that come before the
// closing quote.
func isPlain(value any) bool {
	text, ok := value.(string)
	return ok && text != "" && strings.IndexFunc(text, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(":._@|-", r))
	}) < 0
}

// marshalStrings marshals a list that holds nothing but strings.
func marshalStrings(value any) (list []any, ok bool) {
	array, ok := value.(*types.Array)
	if !ok {
		return nil, false
	}
	for i := range array.Len() {
		element := must.NotFail(array.Get(i))
		if !isString(element) {
			return nil, false
		}
		list = append(list, marshal(element))
	}
	return list, true
}

func marshal(value any) string {
	return string(must.NotFail(sjson.MarshalSingleValue(value)))
}

// orderByID sorts and cuts what a whole filter found, as the find command asked.
func orderByID(order, limit int64) (clause string, args []any) {
	switch order {
	case 1:
		clause = " ORDER BY " + metadata.IDColumn
	case -1:
		clause = " ORDER BY " + metadata.IDColumn + " DESC"
	default:
		return "", nil
	}
	if limit > 0 {
		return clause + " LIMIT ?", []any{limit}
	}
	return clause, nil
}
