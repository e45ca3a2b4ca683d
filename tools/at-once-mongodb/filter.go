package main

import (
	"fmt"
	"sort"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
)

// filter is what a document must be: one of these ids, or any beyond an id; equal in these fields, with or without these
// others, below these numbers, and none of these numbers.
type filter struct {
	ids    []string
	after  *string
	equal  bson.D
	exists map[string]bool
	below  map[string]int64
	noneOf map[string][]int64
}

// readFilter understands a list of ids (in order of ids also all beyond one), equality of fields, and what conditions says.
func readFilter(asked bson.RawValue, byID bool) (filter, error) {
	wanted := filter{exists: map[string]bool{}, below: map[string]int64{}, noneOf: map[string][]int64{}}
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
			if after, ok := nested.Lookup("$gt").StringValueOK(); ok && byID {
				wanted.after = &after
			}
		case isNested && wanted.condition(element.Key(), nested):
		case isNested || strings.HasPrefix(element.Key(), "$"):
			return wanted, unknown
		default:
			wanted.equal = append(wanted.equal, bson.E{Key: element.Key(), Value: value})
		}
	}
	if wanted.ids == nil && wanted.after == nil {
		return wanted, unknown
	}
	return wanted, nil
}

// condition reads {$exists: …}, {$not: {$gte: …}} and {$nin: […]} of a field; false for anything else.
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

// isByID says whether documents are asked for in the order of their ids, the only one that there is.
func isByID(body bson.Raw) (bool, error) {
	asked, err := body.LookupErr("sort")
	if err != nil {
		return false, nil
	}
	order, _ := asked.DocumentOK()
	elements, err := order.Elements()
	if up, ok := order.Lookup("_id").AsInt64OK(); err != nil || len(elements) != 1 || !ok || up != 1 {
		return false, fmt.Errorf("at-once-mongodb sorts by id only, and not by %s", asked)
	}
	return true, nil
}

// matching are the ids of what fits: in the order asked for, or their own.
func (wanted filter) matching(documents map[string]bson.Raw) []string {
	candidates := wanted.ids
	if wanted.after != nil {
		candidates = nil
		for id := range documents {
			if id > *wanted.after {
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
		if !lookup(document, field.Key).Equal(field.Value.(bson.RawValue)) {
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
