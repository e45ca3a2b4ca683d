package main

import (
	"encoding/binary"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
)

// message makes a request; what stands in behind follows the command as a list of documents.
func message(t *testing.T, body bson.D, behind string, documents ...bson.D) []byte {
	t.Helper()
	request := append(make([]byte, sections), 0)
	request = append(request, marshal(t, body)...)
	if behind != "" {
		list := append([]byte(behind), 0)
		for _, document := range documents {
			list = append(list, marshal(t, document)...)
		}
		request = append(request, 1)
		request = binary.LittleEndian.AppendUint32(request, uint32(len(list)+4))
		request = append(request, list...)
	}
	binary.LittleEndian.PutUint32(request, uint32(len(request)))
	binary.LittleEndian.PutUint32(request[4:], 7)
	binary.LittleEndian.PutUint32(request[12:], opMsg)
	return request
}

func marshal(t *testing.T, document bson.D) []byte {
	t.Helper()
	bytes, err := bson.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// ask answers a request as a client reads it; nil when it is to go through.
func ask(t *testing.T, kept *store, request []byte) bson.M {
	t.Helper()
	reply := answerAtOnce(request, kept)
	if reply == nil {
		return nil
	}
	if int(word(reply, 0)) != len(reply) || word(reply, 8) != 7 {
		t.Fatalf("a header that fits no reply: %v", reply[:header])
	}
	var answer bson.M
	if err := bson.Unmarshal(reply[sections+1:], &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func found(t *testing.T, kept *store, collection string, filter bson.D) bson.A {
	t.Helper()
	answer := ask(t, kept, message(t, bson.D{{Key: "find", Value: collection}, {Key: "filter", Value: filter}, {Key: "$db", Value: "d"}}, ""))
	if answer["ok"] != 1.0 {
		t.Fatalf("refused: %v", answer)
	}
	return answer["cursor"].(bson.M)["firstBatch"].(bson.A)
}

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func TestInsertedDocumentsAreFoundByTheirIDs(t *testing.T) {
	kept := newStore()
	anna, bob := append(byID("anna"), bson.E{Key: "v", Value: int32(1)}), byID("bob")
	answer := ask(t, kept, message(t, bson.D{{Key: "insert", Value: "users"}}, "documents", anna, bob))
	if answer["n"] != int32(2) {
		t.Fatalf("not inserted: %v", answer)
	}
	again := ask(t, kept, message(t, bson.D{{Key: "insert", Value: "users"}, {Key: "documents", Value: bson.A{anna}}}, ""))
	if again["n"] != int32(0) || again["writeErrors"].(bson.A)[0].(bson.M)["code"] != int32(11000) {
		t.Fatalf("inserted twice: %v", again)
	}
	both := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: bson.A{"anna", "nobody", "bob"}}}}}
	if users := found(t, kept, "users", both); len(users) != 2 {
		t.Fatalf("not found: %v", users)
	}
	if users := found(t, kept, "users", append(byID("anna"), bson.E{Key: "v", Value: int32(2)})); len(users) != 0 {
		t.Fatalf("found one that differs: %v", users)
	}
}

func TestUpdatesRaiseSetCountAndMake(t *testing.T) {
	kept := newStore()
	update := func(operators ...bson.E) bson.M {
		statement := bson.D{{Key: "q", Value: byID("anna")}, {Key: "u", Value: bson.D(operators)}, {Key: "upsert", Value: true}}
		return ask(t, kept, message(t, bson.D{{Key: "update", Value: "cursors"}, {Key: "updates", Value: bson.A{statement}}}, ""))
	}
	raise := func(to int64) bson.E { return bson.E{Key: "$max", Value: bson.D{{Key: "g.tea.r", Value: to}}} }
	once := bson.E{Key: "$setOnInsert", Value: bson.D{{Key: "v", Value: int32(1)}}}
	if made := update(raise(5), once); len(made["upserted"].(bson.A)) != 1 {
		t.Fatalf("not made: %v", made)
	}
	update(raise(3), bson.E{Key: "$inc", Value: bson.D{{Key: "count", Value: int64(2)}}})
	update(bson.E{Key: "$set", Value: bson.D{{Key: "name", Value: "Anna"}}}, bson.E{Key: "$unset", Value: bson.D{{Key: "v", Value: 1}}})
	want := bson.A{bson.M{"_id": "anna", "g": bson.M{"tea": bson.M{"r": int64(5)}}, "count": int64(2), "name": "Anna"}}
	if marks := found(t, kept, "cursors", byID("anna")); !reflect.DeepEqual(marks, want) {
		t.Fatalf("%v instead of %v", marks, want)
	}
}

func TestMessagesAreCountedAndDropped(t *testing.T) {
	kept := newStore()
	if answer := ask(t, kept, message(t, bson.D{{Key: "insert", Value: "messages"}}, "documents", byID("m"))); answer["n"] != int32(1) {
		t.Fatalf("not answered: %v", answer)
	}
	if answer := ask(t, kept, message(t, bson.D{{Key: "find", Value: "messages"}, {Key: "filter", Value: byID("m")}}, "")); answer != nil {
		t.Fatalf("reads of messages are to go through: %v", answer)
	}
	if answer := ask(t, kept, message(t, bson.D{{Key: "hello", Value: 1}}, "")); answer != nil {
		t.Fatalf("greetings are to go through: %v", answer)
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	kept := newStore()
	sorted := bson.D{{Key: "find", Value: "users"}, {Key: "filter", Value: byID("a")}, {Key: "sort", Value: byID("b")}}
	pushed := bson.D{{Key: "q", Value: byID("a")}, {Key: "u", Value: bson.D{{Key: "$push", Value: byID("b")}}}, {Key: "upsert", Value: true}}
	for _, body := range []bson.D{
		sorted,
		{{Key: "find", Value: "users"}, {Key: "filter", Value: bson.D{{Key: "username", Value: "a"}}}},
		{{Key: "update", Value: "users"}, {Key: "updates", Value: bson.A{pushed}}},
		{{Key: "find", Value: "users"}},
		{{Key: "find", Value: "users"}, {Key: "filter", Value: bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: "a"}}}}}},
		{{Key: "aggregate", Value: "users"}},
	} {
		if answer := ask(t, kept, message(t, body, "")); answer["ok"] != 0.0 {
			t.Errorf("answered: %v with %v", body, answer)
		}
	}
}

func TestRemovedDocumentsAreGone(t *testing.T) {
	kept := newStore()
	ask(t, kept, message(t, bson.D{{Key: "insert", Value: "groups"}}, "documents", byID("tea")))
	remove := bson.D{{Key: "delete", Value: "groups"}, {Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: byID("tea")}, {Key: "limit", Value: 1}}}}}
	if answer := ask(t, kept, message(t, remove, "")); answer["n"] != int32(1) {
		t.Fatalf("not removed: %v", answer)
	}
	if groups := found(t, kept, "groups", byID("tea")); len(groups) != 0 {
		t.Fatalf("still there: %v", groups)
	}
}

func TestFieldsThatAreThereOrNotDecide(t *testing.T) {
	kept := newStore()
	gone := append(byID("gone"), bson.E{Key: "gone", Value: int32(1)})
	ask(t, kept, message(t, bson.D{{Key: "insert", Value: "groups"}}, "documents", byID("tea"), gone))
	for _, exists := range []bool{true, false} {
		for _, id := range []string{"tea", "gone"} {
			filter := append(byID(id), bson.E{Key: "gone", Value: bson.D{{Key: "$exists", Value: exists}}})
			if groups := found(t, kept, "groups", filter); (len(groups) == 1) != (exists == (id == "gone")) {
				t.Errorf("%s with %v: %v", id, exists, groups)
			}
		}
	}
}

func TestHeadsAreRaisedAndGroupsAreFoundInTheOrderOfTheirIDs(t *testing.T) {
	kept := newStore()
	gone := append(byID("c"), bson.E{Key: "gone", Value: int32(2)})
	ask(t, kept, message(t, bson.D{{Key: "insert", Value: "groups"}}, "documents", byID("b"), gone, byID("a"), byID("d")))
	for _, seq := range []int64{5, 9, 7} {
		below := append(byID("b"), bson.E{Key: "head.seq", Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: seq}}}}})
		raise := bson.D{{Key: "$set", Value: bson.D{{Key: "head", Value: bson.D{{Key: "seq", Value: seq}}}, {Key: "name", Value: "B"}}}}
		ask(t, kept, message(t, bson.D{{Key: "update", Value: "groups"}}, "updates", bson.D{{Key: "q", Value: below}, {Key: "u", Value: raise}}))
	}
	beyond := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: "a"}}}, {Key: "gone", Value: bson.D{{Key: "$nin", Value: bson.A{1, 2}}}}}
	for limit, want := range map[int]bson.A{
		1: {bson.M{"_id": "b", "head": bson.M{"seq": int64(9)}}},
		5: {bson.M{"_id": "b", "head": bson.M{"seq": int64(9)}}, bson.M{"_id": "d"}},
	} {
		answer := ask(t, kept, message(t, bson.D{{Key: "find", Value: "groups"}, {Key: "filter", Value: beyond}, {Key: "sort", Value: bson.D{{Key: "_id", Value: 1}}},
			{Key: "limit", Value: limit}, {Key: "projection", Value: bson.D{{Key: "head", Value: 1}}}}, ""))
		if answer["ok"] != 1.0 || !reflect.DeepEqual(answer["cursor"].(bson.M)["firstBatch"], want) {
			t.Errorf("%d: %v instead of %v", limit, answer, want)
		}
	}
}

func TestUsersAreFoundInTheOrderOfTheirFields(t *testing.T) {
	kept := newStore()
	user := func(id, username string, search any) bson.D {
		document := append(byID(id), bson.E{Key: "username", Value: username})
		if search != nil {
			document = append(document, bson.E{Key: "search", Value: search})
		}
		return document
	}
	ask(t, kept, message(t, bson.D{{Key: "insert", Value: "users"}}, "documents",
		user("3", "bob", nil), user("2", "anna", nil), user("4", "", nil), user("1", "cleo", "cleo"), user("5", "anna", nil)))
	unfilled := bson.D{{Key: "search", Value: nil}, {Key: "username", Value: bson.D{{Key: "$gt", Value: ""}}}}
	sorted := bson.D{{Key: "search", Value: 1}, {Key: "username", Value: 1}, {Key: "_id", Value: 1}}
	answer := ask(t, kept, message(t, bson.D{{Key: "find", Value: "users"}, {Key: "filter", Value: unfilled}, {Key: "sort", Value: sorted},
		{Key: "skip", Value: 0}, {Key: "projection", Value: bson.D{{Key: "_id", Value: 1}}}}, ""))
	want := bson.A{bson.M{"_id": "2"}, bson.M{"_id": "5"}, bson.M{"_id": "3"}}
	if answer["ok"] != 1.0 || !reflect.DeepEqual(answer["cursor"].(bson.M)["firstBatch"], want) {
		t.Fatalf("%v instead of %v", answer, want)
	}
	skipping := bson.D{{Key: "find", Value: "users"}, {Key: "filter", Value: unfilled}, {Key: "sort", Value: sorted}, {Key: "skip", Value: 1}}
	if answer := ask(t, kept, message(t, skipping, "")); answer["ok"] != 0.0 {
		t.Fatalf("skipped: %v", answer)
	}
}
