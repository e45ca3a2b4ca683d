package main

import (
	"fmt"
	"sort"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
)

// filter is what a document must be: one of these ids, or any beyond an id, or any at all; equal in these fields, with or
// without these others, below these numbers, beyond these texts, and none of these numbers.
type filter struct {
	ids    []string
	after  *string
	any    bool
	equal  bson.D
	exists map[string]bool
	below  map[string]int64
	beyond map[string]string
	noneOf map[string][]int64
}

// readFilter understands a list of ids (in order of ids also all beyond one; in an order of fields also none), equality of
// fields, and what conditions says.
func readFilter(asked bson.RawValue, sorted order) (filter, error) {
	wanted := filter{any: len(sorted) > 0 && !sorted.isByID(), exists: map[string]bool{}, below: map[string]int64{},
		beyond: map[string]string{}, noneOf: map[string][]int64{}}
	unknown := fmt.Errorf("at-once-mongodb finds by id only, and was asked for %s", asked)
	document, ok := asked.DocumentOK()
	elements, err := document.Elements()
	if !ok || err != nil {
		return wanted, unknown
	}
	for _, element := range elements {
		value := element.Value()
		nested, isNested := value.DocumentOK()
		switch {
		case element.Key() == "_id":
			wanted.ids = ids(value)
			if after, ok := nested.Lookup("$gt").StringValueOK(); ok && sorted.isByID() {
				wanted.after = &after
			}
		case isNested && wanted.condition(element.Key(), nested):
		case isNested || strings.HasPrefix(element.Key(), "$"):
			return wanted, unknown
		default:
			wanted.equal = append(wanted.equal, bson.E{Key: element.Key(), Value: value})
		}
	}
	if wanted.ids == nil && wanted.after == nil && !wanted.any {
		return wanted, unknown
	}
	return wanted, nil
}

// condition reads {$exists: …}, {$gt: text}, {$not: {$gte: …}} and {$nin: […]} of a field; false for anything else.
func (wanted filter) condition(field string, asked bson.Raw) bool {
	elements, err := asked.Elements()
	if err != nil || len(elements) != 1 {
		return false
	}
	value := elements[0].Value()
	switch elements[0].Key() {
	case "$exists":
		exists, ok := value.BooleanOK()
		wanted.exists[field] = exists
		return ok
	case "$gt":
		beyond, ok := value.StringValueOK()
		wanted.beyond[field] = beyond
		return ok
	case "$not":
		inner, _ := value.DocumentOK()
		least, ok := inner.Lookup("$gte").AsInt64OK()
		wanted.below[field] = least
		return ok
	case "$nin":
		list, _ := value.ArrayOK()
		values, err := list.Values()
		for _, value := range values {
			number, ok := value.AsInt64OK()
			if !ok {
				return false
			}
			wanted.noneOf[field] = append(wanted.noneOf[field], number)
		}
		return err == nil && len(values) > 0
	}
	return false
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

// order is the fields by which documents are sorted, upwards, as texts; none where the order does not matter.
type order []string

func (sorted order) isByID() bool { return len(sorted) == 1 && sorted[0] == "_id" }

func readOrder(body bson.Raw) (order, error) {
	asked, err := body.LookupErr("sort")
	if err != nil {
		return nil, nil
	}
	document, _ := asked.DocumentOK()
	elements, err := document.Elements()
	var sorted order
	for _, element := range elements {
		if up, ok := element.Value().AsInt64OK(); !ok || up != 1 {
			err = fmt.Errorf("downwards")
		}
		sorted = append(sorted, element.Key())
	}
	if err != nil || len(sorted) == 0 {
		return nil, fmt.Errorf("at-once-mongodb sorts upwards only, and not by %s", asked)
	}
	return sorted, nil
}

// sort puts the ids of documents into their order.
func (sorted order) sort(ids []string, documents map[string]bson.Raw) {
	sort.SliceStable(ids, func(one, other int) bool {
		for _, field := range sorted {
			left, _ := lookup(documents[ids[one]], field).StringValueOK()
			right, _ := lookup(documents[ids[other]], field).StringValueOK()
			if left != right {
				return left < right
			}
		}
		return false
	})
}

// matching are the ids of what fits: in the order asked for, or their own.
func (wanted filter) matching(documents map[string]bson.Raw) []string {
	candidates := wanted.ids
	if wanted.after != nil || wanted.any && candidates == nil {
		candidates = nil
		for id := range documents {
			if wanted.after == nil || id > *wanted.after {
				candidates = append(candidates, id)
			}
		}
		sort.Strings(candidates)
	}
	var ids []string
	for _, id := range candidates {
		if document, ok := documents[id]; ok && wanted.fits(document) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (wanted filter) fits(document bson.Raw) bool {
	for _, field := range wanted.equal {
		// What is asked to be null may be absent.
		value, asked := lookup(document, field.Key), field.Value.(bson.RawValue)
		if !value.Equal(asked) && !(asked.Type == bsontype.Null && value.Value == nil) {
			return false
		}
	}
	for field, exists := range wanted.exists {
		if (lookup(document, field).Value != nil) != exists {
			return false
		}
	}
	// What is not there is below every number, and none of any.
	for field, least := range wanted.below {
		if number, ok := lookup(document, field).AsInt64OK(); ok && number >= least {
			return false
		}
	}
	for field, least := range wanted.beyond {
		if text, ok := lookup(document, field).StringValueOK(); !ok || text <= least {
			return false
		}
	}
	for field, others := range wanted.noneOf {
		number, ok := lookup(document, field).AsInt64OK()
		for _, other := range others {
			if ok && number == other {
				return false
			}
		}
	}
	return true
}

func lookup(document bson.Raw, field string) bson.RawValue {
	return document.Lookup(strings.Split(field, ".")...)
}

// projected is a document with the fields that are asked for; all of it where none are named.
func projected(document bson.Raw, asked bson.RawValue) (bson.Raw, error) {
	projection, ok := asked.DocumentOK()
	if !ok {
		return document, nil
	}
	elements, err := document.Elements()
	if err != nil {
		return nil, err
	}
	kept := bson.D{}
	for _, element := range elements {
		wanted, named := projection.Lookup(element.Key()).AsInt64OK()
		if element.Key() == "_id" || named && wanted == 1 {
			kept = append(kept, bson.E{Key: element.Key(), Value: element.Value()})
		}
	}
	return bson.Marshal(kept)
}
