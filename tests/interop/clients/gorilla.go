// Go's Gorilla, driven as remote.js says. It offers permessage-deflate.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

type ending struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

type message struct {
	Text   *string `json:"text,omitempty"`
	Binary []byte  `json:"binary,omitempty"`
	Close  *ending `json:"close,omitempty"`
}

func tell(what interface{}) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func obey(socket *websocket.Conn) {
	orders := bufio.NewReader(os.Stdin)
	for {
		line, err := orders.ReadBytes('\n')
		if err != nil {
			return
		}
		var order message
		if err := json.Unmarshal(line, &order); err != nil {
			panic(err)
		}
		switch {
		case order.Text != nil:
			err = socket.WriteMessage(websocket.TextMessage, []byte(*order.Text))
		case order.Binary != nil:
			err = socket.WriteMessage(websocket.BinaryMessage, order.Binary)
		default:
			closing := websocket.FormatCloseMessage(order.Close.Code, order.Close.Reason)
			err = socket.WriteControl(websocket.CloseMessage, closing, time.Now().Add(10*time.Second))
		}
		if err != nil {
			panic(err)
		}
	}
}

func main() {
	dialer := websocket.Dialer{EnableCompression: true}
	socket, _, err := dialer.Dial(os.Args[1], nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tell(map[string]bool{"open": true})
	go obey(socket)
	for {
		kind, bytes, err := socket.ReadMessage()
		if closed, ok := err.(*websocket.CloseError); ok {
			tell(map[string]ending{"closed": {closed.Code, closed.Text}})
			return
		} else if err != nil {
			panic(err)
		}
		if kind == websocket.TextMessage {
			tell(map[string]string{"text": string(bytes)})
		} else {
			tell(map[string][]byte{"binary": bytes})
		}
	}
}
