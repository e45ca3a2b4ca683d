// Command toxiproxy stands between the hub and what it stands on, and makes it slow on demand:
//
//	toxiproxy serve -api HOST:PORT NAME=LISTEN=UPSTREAM…   until SIGTERM
//	toxiproxy slow -api HOST:PORT NAME MILLISECONDS        each answer of NAME so much later
//	toxiproxy heal -api HOST:PORT                          as if nothing had been
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

const usage = "usage: toxiproxy serve|slow|heal -api HOST:PORT …"

func main() {
	log.SetFlags(0)
	log.SetPrefix("toxiproxy: ")
	if len(os.Args) < 2 {
		log.Fatal(usage)
	}
	flags := flag.NewFlagSet("toxiproxy", flag.ExitOnError)
	api := flags.String("api", "127.0.0.1:8474", "`host:port` of its own interface")
	if err := flags.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	if err := run(os.Args[1], *api, flags.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(command, api string, arguments []string) error {
	switch command {
	case "serve":
		return serve(api, arguments)
	case "slow":
		return slow(api, arguments)
	case "heal":
		return client.NewClient(api).ResetState()
	}
	return fmt.Errorf("%s", usage)
}

func serve(api string, proxies []string) error {
	server := toxiproxy.NewServer(
		toxiproxy.NewMetricsContainer(prometheus.NewRegistry()),
		zerolog.New(os.Stderr).Level(zerolog.WarnLevel),
	)
	for _, described := range proxies {
		parts := strings.Split(described, "=")
		if len(parts) != 3 {
			return fmt.Errorf("%q is no NAME=LISTEN=UPSTREAM", described)
		}
		proxy := toxiproxy.NewProxy(server, parts[0], parts[1], parts[2])
		if err := server.Collection.Add(proxy, true); err != nil {
			return fmt.Errorf("%s: %w", parts[0], err)
		}
	}
	// Heard of here, so that a taken port is told at once.
	probe, err := net.Listen("tcp", api)
	if err != nil {
		return err
	}
	probe.Close()
	ended := make(chan error, 1)
	go func() { ended <- server.Listen(api) }()
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	select {
	case err := <-ended:
		return err
	case <-stop.Done():
		return server.Shutdown()
	}
}

func slow(api string, arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: toxiproxy slow -api HOST:PORT NAME MILLISECONDS")
	}
	delay, err := strconv.Atoi(arguments[1])
	if err != nil || delay < 0 {
		return fmt.Errorf("%q is no number of milliseconds", arguments[1])
	}
	proxy, err := client.NewClient(api).Proxy(arguments[0])
	if err != nil {
		return err
	}
	toxics, err := proxy.Toxics()
	if err != nil {
		return err
	}
	for _, toxic := range toxics {
		if err := proxy.RemoveToxic(toxic.Name); err != nil {
			return err
		}
	}
	if delay == 0 {
		return nil
	}
	_, err = proxy.AddToxic("slow", "latency", "downstream", 1, client.Attributes{"latency": delay})
	return err
}
