package main

import (
	"errors"
	"fmt"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
)

// store keeps documents by collection and id. It understands what the hub's hot paths ask (by id, or by a list of ids),
// and refuses the rest by name rather than guess.
type store struct {
	lock sync.Mutex
	kept map[string]map[string]bson.Raw
}

func newStore() *store {
	kept := map[string]map[string]bson.Raw{}
	for _, collection := range []string{"users", "groups", "cursors", "accounts", "meta", "followers", "covered"} {
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
	if skip, err := asked.body.LookupErr("skip"); err == nil {
		if skipped, ok := skip.AsInt64OK(); !ok || skipped != 0 {
			return nil, errors.New("at-once-mongodb skips nothing")
		}
	}
	sorted, err := readOrder(asked.body)
	if err != nil {
		return nil, err
	}
	wanted, err := readFilter(asked.body.Lookup("filter"), sorted)
	if err != nil {
		return nil, err
	}
	ids := wanted.matching(documents)
	if wanted.any {
		sorted.sort(ids, documents)
	}
	if limit, ok := asked.body.Lookup("limit").AsInt64OK(); ok && limit > 0 && int(limit) < len(ids) {
		ids = ids[:limit]
	}
	found := bson.A{}
	for _, id := range ids {
		document, err := projected(documents[id], asked.body.Lookup("projection"))
		if err != nil {
			return nil, err
		}
		found = append(found, document)
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
		wanted, err := readFilter(statement.Lookup("q"), nil)
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
		wanted, err := readFilter(statement.Lookup("q"), nil)
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

func written(count int) bson.D {
	return bson.D{{Key: "n", Value: int32(count)}, {Key: "ok", Value: 1.0}}
}

// refusal is a server's answer to a command that it does not know (CommandNotFound).
func refusal(err error) bson.D {
	return bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(59)}, {Key: "codeName", Value: "CommandNotFound"},
		{Key: "errmsg", Value: err.Error()}}
}
