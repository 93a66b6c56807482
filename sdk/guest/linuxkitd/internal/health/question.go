package health

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// longestQuestion bounds what is sent: the certificates of an authority are most of it.
const longestQuestion = 256 << 10

// mostHanding is how long a question may take from its first byte to its last.
const mostHanding = 5 * time.Second

// Question is what the container for TLS is to ask over a connection.
type Question struct {
	// Host is the name in the request; Name is what the certificate must be for.
	Host string `json:"host"`
	Name string `json:"name"`
	Path string `json:"path"`
	// Status is what is wanted.
	Status int `json:"status"`
	// Authority has certificates as PEM.
	Authority string `json:"authority"`
	// Limit is what the definition gives a check, Left what of it is left.
	Limit time.Duration `json:"limit"`
	Left  time.Duration `json:"left"`
}

// put sends the length with the descriptor of the connection, and then the question.
func (q *Question) put(asker *net.UnixConn, connection net.Conn) error {
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	tcp, is := connection.(*net.TCPConn)
	if !is {
		return errors.New("no connection of TCP")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(descriptor uintptr) {
		length := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
		_, _, sent = asker.WriteMsgUnix(length, unix.UnixRights(int(descriptor)), nil)
	})
	if err := errors.Join(err, sent); err != nil {
		return err
	}
	_, err = asker.Write(text)
	return err
}

// TakeQuestion waits for a question, and gives the connection that came with it.
func TakeQuestion(from *net.UnixConn) (Question, net.Conn, error) {
	var question Question
	head, control := make([]byte, 4), make([]byte, unix.CmsgSpace(4))
	length, controlled, _, _, err := from.ReadMsgUnix(head, control)
	if err != nil {
		return question, nil, err
	}
	connection, err := connectionIn(control[:controlled])
	if err != nil {
		return question, nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if length != len(head) || size > longestQuestion {
		connection.Close()
		return question, nil, fmt.Errorf("got a question of %d bytes, wanted at most %d", size, longestQuestion)
	}
	_ = from.SetReadDeadline(time.Now().Add(mostHanding))
	text := make([]byte, size)
	if _, err = io.ReadFull(from, text); err == nil {
		err = json.Unmarshal(text, &question)
	}
	if err != nil {
		connection.Close()
		return question, nil, err
	}
	return question, connection, connection.SetDeadline(time.Now().Add(question.Left))
}

func connectionIn(control []byte) (net.Conn, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(errors.New("no connection came with the question"), err)
	}
	descriptors, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(descriptors) != 1 {
		return nil, errors.Join(errors.New("no connection came with the question"), err)
	}
	file := os.NewFile(uintptr(descriptors[0]), "a connection")
	defer file.Close()
	return net.FileConn(file)
}
