// Command at-once-mongodb stands before a MongoDB and answers at once, from memory: for measuring the hub alone, and for
// nothing else. Nothing is ever on a disk. Messages are not even kept: their inserts are answered and dropped. Users,
// groups, marks and the rest of what nodes read by id are kept as long as it runs (see store.go). What is left (greetings,
// indexes, reads of messages, what is due later) goes through. The nodes are as they always are, their driver included.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("say where to listen and where the real MongoDB is: host:port host:port"))
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fail(err)
	}
	kept := newStore()
	for {
		client, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		// It ends when either side does.
		go standBetween(client, os.Args[2], kept)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "at-once-mongodb:", err)
	os.Exit(1)
}

// standBetween answers requests, or relays them. Drivers wait for a reply before they ask again on the same connection.
func standBetween(client net.Conn, behind string, kept *store) {
	defer client.Close()
	server, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		if reply := answerAtOnce(request, kept); reply != nil {
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
		reply, err := readMessage(server)
		if err != nil {
			return err
		}
		if _, err := client.Write(reply); err != nil {
			return err
		}
		if !announcesMore(reply) {
			return nil
		}
	}
}

// answerAtOnce makes the reply to what is answered here; nil for everything else.
func answerAtOnce(request []byte, kept *store) []byte {
	asked, ok := parseCommand(request)
	if !ok {
		return nil
	}
	if asked.name == "insert" && asked.collection == "messages" {
		return replyTo(request, written(len(asked.list("documents"))))
	}
	if !kept.holds(asked.collection) || asked.name == "createIndexes" || asked.name == "listIndexes" {
		return nil
	}
	reply, err := kept.answer(asked)
	if err != nil {
		// The real one knows nothing of what is kept here: its answer would be a lie.
		reply = refusal(err)
	}
	return replyTo(request, reply)
}
