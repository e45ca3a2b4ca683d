package main

import (
	"fmt"
	"strings"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
)

// store keeps documents by collection and id. It understands what the hub's hot paths ask (by id, or by a list of ids),
// and refuses the rest by name rather than guess.
type store struct {
	lock sync.Mutex
	kept map[string]map[string]bson.Raw
}

// filter is what a document must be: one of these ids, equal in these fields, and with or without these others.
type filter struct {
	ids    []string
	equal  bson.D
	exists map[string]bool
}

func newStore() *store {
	kept := map[string]map[string]bson.Raw{}
	for _, collection := range []string{"users", "groups", "cursors", "accounts", "meta"} {
		kept[collection] = map[string]bson.Raw{}
	}
	return &store{kept: kept}
}

func (s *store) holds(collection string) bool { return s.kept[collection] != nil }

// answer carries a command out.
func (s *store) answer(asked command) (bson.D, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	documents := s.kept[asked.collection]
	switch asked.name {
	case "find":
		return find(documents, asked)
	case "insert":
		return insert(documents, asked.list("documents")), nil
	case "update":
		return update(documents, asked.list("updates"))
	case "delete":
		return remove(documents, asked.list("deletes"))
	}
	return nil, fmt.Errorf("at-once-mongodb does not know %s on %s", asked.name, asked.collection)
}

func find(documents map[string]bson.Raw, asked command) (bson.D, error) {
	for _, name := range []string{"sort", "skip", "projection"} {
		if _, err := asked.body.LookupErr(name); err == nil {
			return nil, fmt.Errorf("at-once-mongodb finds by id only, and knows no %s", name)
		}
	}
	wanted, err := readFilter(asked.body.Lookup("filter"))
	if err != nil {
		return nil, err
	}
	found := bson.A{}
	for _, id := range wanted.matching(documents) {
		found = append(found, documents[id])
	}
	database, _ := asked.body.Lookup("$db").StringValueOK()
	cursor := bson.D{{Key: "firstBatch", Value: found}, {Key: "id", Value: int64(0)},
		{Key: "ns", Value: database + "." + asked.collection}}
	return bson.D{{Key: "cursor", Value: cursor}, {Key: "ok", Value: 1.0}}, nil
}

func insert(documents map[string]bson.Raw, added []bson.Raw) bson.D {
	taken := bson.A{}
	for at, document := range added {
		id, ok := document.Lookup("_id").StringValueOK()
		if _, there := documents[id]; there || !ok {
			taken = append(taken, bson.D{{Key: "index", Value: int32(at)}, {Key: "code", Value: int32(11000)},
				{Key: "errmsg", Value: "E11000 duplicate key error: _id " + id}})
			continue
		}
		documents[id] = append(bson.Raw(nil), document...)
	}
	answer := written(len(added) - len(taken))
	if len(taken) > 0 {
		answer = append(answer, bson.E{Key: "writeErrors", Value: taken})
	}
	return answer
}

func update(documents map[string]bson.Raw, statements []bson.Raw) (bson.D, error) {
	matched, made := 0, bson.A{}
	for at, statement := range statements {
		wanted, err := readFilter(statement.Lookup("q"))
		if err != nil {
			return nil, err
		}
		var change bson.D
		if err := bson.Unmarshal(statement.Lookup("u").Value, &change); err != nil {
			return nil, err
		}
		ids := wanted.matching(documents)
		upsert, _ := statement.Lookup("upsert").BooleanOK()
		isNew := len(ids) == 0 && upsert && len(wanted.ids) == 1
		if isNew {
			ids = wanted.ids
			made = append(made, bson.D{{Key: "index", Value: int32(at)}, {Key: "_id", Value: ids[0]}})
		}
		for _, id := range ids {
			changed, err := changed(documents[id], id, change)
			if err != nil {
				return nil, err
			}
			documents[id] = changed
		}
		matched += len(ids)
	}
	answer := append(written(matched), bson.E{Key: "nModified", Value: int32(matched - len(made))})
	if len(made) > 0 {
		answer = append(answer, bson.E{Key: "upserted", Value: made})
	}
	return answer, nil
}

func remove(documents map[string]bson.Raw, statements []bson.Raw) (bson.D, error) {
	removed := 0
	for _, statement := range statements {
		wanted, err := readFilter(statement.Lookup("q"))
		if err != nil {
			return nil, err
		}
		for _, id := range wanted.matching(documents) {
			delete(documents, id)
			removed++
		}
	}
	return written(removed), nil
}

// readFilter understands equality of fields, whether they are there, and a list of ids.
func readFilter(asked bson.RawValue) (filter, error) {
	wanted := filter{exists: map[string]bool{}}
	unknown := fmt.Errorf("at-once-mongodb finds by id only, and was asked for %s", asked)
	document, ok := asked.DocumentOK()
	elements, err := document.Elements()
	if !ok || err != nil {
		return wanted, unknown
	}
	for _, element := range elements {
		value := element.Value()
		nested, isNested := value.DocumentOK()
		exists, asksForExistence := existence(nested)
		switch {
		case element.Key() == "_id":
			wanted.ids = ids(value)
		case asksForExistence:
			wanted.exists[element.Key()] = exists
		case isNested || strings.HasPrefix(element.Key(), "$"):
			return wanted, unknown
		default:
			wanted.equal = append(wanted.equal, bson.E{Key: element.Key(), Value: value})
		}
	}
	if wanted.ids == nil {
		return wanted, unknown
	}
	return wanted, nil
}

// existence is what {$exists: …} asks for.
func existence(condition bson.Raw) (exists, isAsked bool) {
	elements, err := condition.Elements()
	if err != nil || len(elements) != 1 || elements[0].Key() != "$exists" {
		return false, false
	}
	return elements[0].Value().BooleanOK()
}

// ids are those of a filter on _id: the one, or those of {$in: […]}; nil when it is neither.
func ids(asked bson.RawValue) []string {
	if id, ok := asked.StringValueOK(); ok {
		return []string{id}
	}
	document, _ := asked.DocumentOK()
	list, _ := document.Lookup("$in").ArrayOK()
	values, err := list.Values()
	if err != nil {
		return nil
	}
	found := []string{}
	for _, value := range values {
		if id, ok := value.StringValueOK(); ok {
			found = append(found, id)
		}
	}
	return found
}

func (wanted filter) matching(documents map[string]bson.Raw) []string {
	var ids []string
	for _, id := range wanted.ids {
		if document, ok := documents[id]; ok && wanted.fits(document) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (wanted filter) fits(document bson.Raw) bool {
	for _, field := range wanted.equal {
		if !document.Lookup(field.Key).Equal(field.Value.(bson.RawValue)) {
			return false
		}
	}
	for field, exists := range wanted.exists {
		if _, err := document.LookupErr(field); (err == nil) != exists {
			return false
		}
	}
	return true
}

func written(count int) bson.D {
	return bson.D{{Key: "n", Value: int32(count)}, {Key: "ok", Value: 1.0}}
}

// refusal is a server's answer to a command that it does not know (CommandNotFound).
func refusal(err error) bson.D {
	return bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(59)}, {Key: "codeName", Value: "CommandNotFound"},
		{Key: "errmsg", Value: err.Error()}}
}
