package main

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
)

// changed is a document after an update with operators; made from its id where there was none.
func changed(document bson.Raw, id string, change bson.D) (bson.Raw, error) {
	fields, isNew := bson.D{{Key: "_id", Value: id}}, document == nil
	if !isNew {
		fields = nil
		if err := bson.Unmarshal(document, &fields); err != nil {
			return nil, err
		}
	}
	for _, operator := range change {
		arguments, ok := operator.Value.(bson.D)
		if !ok {
			return nil, fmt.Errorf("at-once-mongodb updates with operators only, not %s", operator.Key)
		}
		for _, argument := range arguments {
			next, err := operation(operator.Key, argument.Value, isNew)
			if err != nil {
				return nil, err
			}
			fields = at(fields, strings.Split(argument.Key, "."), next)
		}
	}
	return bson.Marshal(fields)
}

// operation is what an operator makes of an old value (nil where there is none); nil for no value.
func operation(operator string, argument any, isNew bool) (func(any) any, error) {
	switch operator {
	case "$set":
		return func(any) any { return argument }, nil
	case "$setOnInsert":
		return func(old any) any {
			if isNew {
				return argument
			}
			return old
		}, nil
	case "$unset":
		return func(any) any { return nil }, nil
	case "$max":
		return func(old any) any {
			if old != nil && number(old) >= number(argument) {
				return old
			}
			return argument
		}, nil
	case "$inc":
		return func(old any) any { return number(old) + number(argument) }, nil
	}
	return nil, fmt.Errorf("at-once-mongodb does not know the operator %s", operator)
}

// at changes the value at a path, making documents on the way where there are none.
func at(fields bson.D, path []string, next func(any) any) bson.D {
	for i, field := range fields {
		if field.Key != path[0] {
			continue
		}
		value := follow(field.Value, path, next)
		if value == nil {
			return append(fields[:i:i], fields[i+1:]...)
		}
		fields[i].Value = value
		return fields
	}
	if value := follow(nil, path, next); value != nil {
		fields = append(fields, bson.E{Key: path[0], Value: value})
	}
	return fields
}

func follow(value any, path []string, next func(any) any) any {
	if len(path) == 1 {
		return next(value)
	}
	inner, _ := value.(bson.D)
	return at(inner, path[1:], next)
}

// number is any of the hub's numbers, which are integers; 0 for none.
func number(value any) int64 {
	switch value := value.(type) {
	case int32:
		return int64(value)
	case int64:
		return value
	case float64:
		return int64(value)
	}
	return 0
}
