// Serves `/livez` with five checks by alexliesenfeld/health, whose results are stored for a second. Prints its address,
// and ends with its input.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/alexliesenfeld/health"
)

func main() {
	runtime.GOMAXPROCS(1)
	options := []health.CheckerOption{health.WithCacheDuration(time.Second)}
	for _, number := range []int{0, 1, 2, 3, 19} {
		options = append(options, health.WithCheck(health.Check{
			Name:  fmt.Sprintf("level_5_check_%d", number),
			Check: func(context.Context) error { return nil },
		}))
	}
	http.Handle("/livez", health.NewHandler(health.NewChecker(options...)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, nil))
}
