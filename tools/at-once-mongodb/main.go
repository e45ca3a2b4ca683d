// Command at-once-mongodb stands before a MongoDB and stores messages at once, by not storing them: for measuring the
// hub alone. Inserts into "messages" are answered on the spot and dropped; everything else (users, groups, marks) goes
// through. The nodes are as they always are, their driver included.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"go.mongodb.org/mongo-driver/bson"
)

const (
	// opMsg is the only kind of message that drivers send today (OP_MSG of the wire protocol).
	opMsg = 2013
	// header is the length, the id, the id of what is answered and the kind, four bytes each, little-endian.
	header = 16
	// command is where the command begins: behind the header, the flags and the kind of the first section.
	command = header + 5
	// moreToCome is the flag of a reply that another one follows unasked.
	moreToCome = 1 << 1
	// largest is the server's own limit.
	largest = 48_000_000
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("say where to listen and where the real MongoDB is: host:port host:port"))
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fail(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		// It ends when either side does.
		go standBetween(client, os.Args[2])
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "at-once-mongodb:", err)
	os.Exit(1)
}

// standBetween relays requests and replies. Drivers wait for a reply before they ask again on the same connection.
func standBetween(client net.Conn, behind string) {
	defer client.Close()
	server, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := read(client)
		if err != nil {
			return
		}
		if reply := answerAtOnce(request); reply != nil {
			_, err = client.Write(reply)
		} else {
			err = relay(request, client, server)
		}
		if err != nil {
			return
		}
	}
}

// relay hands a request on, and all that comes back for it.
func relay(request []byte, client, server net.Conn) error {
	if _, err := server.Write(request); err != nil {
		return err
	}
	for {
		reply, err := read(server)
		if err != nil {
			return err
		}
		if _, err := client.Write(reply); err != nil {
			return err
		}
		if word(reply, 12) != opMsg || word(reply, header)&moreToCome == 0 {
			return nil
		}
	}
}

// read reads one whole message.
func read(from io.Reader) ([]byte, error) {
	head := make([]byte, header)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	length := word(head, 0)
	if length < header+4 || length > largest {
		return nil, errors.New("not a message of MongoDB's wire protocol")
	}
	message := make([]byte, length)
	copy(message, head)
	_, err := io.ReadFull(from, message[header:])
	return message, err
}

// answerAtOnce makes the reply to an insert into messages; nil for everything else.
func answerAtOnce(request []byte) []byte {
	if word(request, 12) != opMsg || len(request) < command+4 {
		return nil
	}
	inserted, ok := insertedMessages(bson.Raw(request[command:]))
	if !ok {
		return nil
	}
	body, err := bson.Marshal(bson.D{{Key: "n", Value: int32(inserted)}, {Key: "ok", Value: 1.0}})
	if err != nil {
		return nil
	}
	reply := make([]byte, command, command+len(body))
	binary.LittleEndian.PutUint32(reply, uint32(command+len(body)))
	binary.LittleEndian.PutUint32(reply[8:], word(request, 4))
	binary.LittleEndian.PutUint32(reply[12:], opMsg)
	return append(reply, body...)
}

func insertedMessages(asked bson.Raw) (int, bool) {
	if first, err := asked.IndexErr(0); err != nil || first.Key() != "insert" || first.Value().StringValue() != "messages" {
		return 0, false
	}
	documents, ok := asked.Lookup("documents").ArrayOK()
	if !ok {
		return 0, false
	}
	values, err := documents.Values()
	return len(values), err == nil
}

func word(bytes []byte, at int) uint32 { return binary.LittleEndian.Uint32(bytes[at:]) }
