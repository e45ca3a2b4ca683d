package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"go.mongodb.org/mongo-driver/bson"
)

const (
	// opMsg is the only kind of message that drivers send today (OP_MSG of the wire protocol).
	opMsg = 2013
	// header is the length, the id, the id of what is answered and the kind, four bytes each, little-endian.
	header = 16
	// sections begin behind the header and the flags.
	sections = header + 4
	// moreToCome is the flag of a reply that another one follows unasked.
	moreToCome = 1 << 1
	// largest is the server's own limit.
	largest = 48_000_000
)

// command is a request's command, and the lists of documents that it brings: in it or behind it.
type command struct {
	name, collection string
	body             bson.Raw
	behind           map[string][]bson.Raw
}

// readMessage reads one whole message.
func readMessage(from io.Reader) ([]byte, error) {
	head := make([]byte, header)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	length := word(head, 0)
	if length < sections || length > largest {
		return nil, errors.New("not a message of MongoDB's wire protocol")
	}
	message := make([]byte, length)
	copy(message, head)
	_, err := io.ReadFull(from, message[header:])
	return message, err
}

func announcesMore(reply []byte) bool {
	return word(reply, 12) == opMsg && word(reply, header)&moreToCome != 0
}

// parseCommand understands a request; false when it is not a command on a collection.
func parseCommand(request []byte) (command, bool) {
	asked := command{behind: map[string][]bson.Raw{}}
	if word(request, 12) != opMsg {
		return asked, false
	}
	for rest := request[sections:]; len(rest) > 5; {
		kind, length := rest[0], int(word(rest, 1))
		if length < 5 || length > len(rest)-1 {
			break // Also a checksum, which is four bytes at the end.
		}
		section := rest[1 : 1+length]
		rest = rest[1+length:]
		switch kind {
		case 0:
			asked.body = bson.Raw(section)
		case 1:
			asked.takeSequence(section[4:])
		default:
			return asked, false
		}
	}
	if asked.body == nil || asked.body.Validate() != nil {
		return asked, false
	}
	first, err := asked.body.IndexErr(0)
	if err != nil {
		return asked, false
	}
	collection, ok := first.Value().StringValueOK()
	asked.name, asked.collection = first.Key(), collection
	return asked, ok
}

// takeSequence takes a list of documents that stands behind the command: its name, then one after the other.
func (asked *command) takeSequence(section []byte) {
	name, documents, _ := bytes.Cut(section, []byte{0})
	for len(documents) >= 5 {
		length := int(word(documents, 0))
		if length < 5 || length > len(documents) {
			return
		}
		asked.behind[string(name)] = append(asked.behind[string(name)], bson.Raw(documents[:length]))
		documents = documents[length:]
	}
}

// list is a list of documents of the command, wherever it stands.
func (asked *command) list(name string) []bson.Raw {
	if documents, ok := asked.behind[name]; ok {
		return documents
	}
	array, ok := asked.body.Lookup(name).ArrayOK()
	if !ok {
		return nil
	}
	values, err := array.Values()
	if err != nil {
		return nil
	}
	documents := make([]bson.Raw, 0, len(values))
	for _, value := range values {
		if document, ok := value.DocumentOK(); ok {
			documents = append(documents, document)
		}
	}
	return documents
}

// replyTo makes the message that answers a request.
func replyTo(request []byte, answer bson.D) []byte {
	body, err := bson.Marshal(answer)
	if err != nil {
		return nil
	}
	reply := make([]byte, sections+1, sections+1+len(body))
	binary.LittleEndian.PutUint32(reply, uint32(sections+1+len(body)))
	binary.LittleEndian.PutUint32(reply[8:], word(request, 4))
	binary.LittleEndian.PutUint32(reply[12:], opMsg)
	return append(reply, body...)
}

func word(bytes []byte, at int) uint32 { return binary.LittleEndian.Uint32(bytes[at:]) }
