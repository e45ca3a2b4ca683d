// Command ferretdb serves the MongoDB wire protocol from SQLite files, for
// machines on which no mongod can be had. It is for tests and trials only.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "`host:port` to listen on")
	dir := flag.String("dir", "data", "`directory` of the SQLite files, made when absent")
	flag.Parse()

	log.SetFlags(0)
	log.SetPrefix("ferretdb: ")
	if err := run(*listen, *dir); err != nil {
		log.Fatal(err)
	}
}

// run serves until SIGINT or SIGTERM. The embeddable package never starts the
// telemetry reporter; warnings and errors alone are logged.
func run(listen, dir string) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return err
	}
	files := url.URL{Scheme: "file", Path: absolute + "/"}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: listen},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Handler:   "sqlite",
		SQLiteURL: files.String(),
	})
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	return server.Run(stop)
}
