// A host of gVisor's netstack on a TUN device, with the services of `sockeye host` that are measured.
//
//	gvisor_host NAME ADDRESS MTU offload|plain|napi
//
// Serves echo at port 7, a sink at 9 and a source at 19, each connection with a goroutine, as gVisor's adapter for Go's `net`
// asks for; prints 7 when it is ready, and runs until it is killed.
//
// Without offload it uses netstack's `fdbased` endpoint. That one leaves segmentation to the kernel only for sockets; so with
// offload the endpoint below does what it would: it reads and writes a virtio-net header before each packet.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/bufferv2"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/rawfile"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	bufferSize = 1 << 18

	// Of <linux/if_tun.h> and <linux/virtio_net.h>.
	offloadChecksum    = 1
	offloadTCPv4       = 2
	offloadTCPv6       = 4
	virtioHeaderLength = 10
	needsChecksum      = 1
	segmentsTCPv4      = 1
)

func check(what string, err any) {
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "gvisor_host: %s: %v\n", what, err)
	os.Exit(1)
}

func control(descriptor int, request, argument uintptr) {
	if _, _, number := unix.Syscall(unix.SYS_IOCTL, uintptr(descriptor), request, argument); number != 0 {
		check("ioctl", number)
	}
}

func openTunnel(name string, flags uint16) int {
	descriptor, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK, 0)
	check("open", err)
	var request struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], name)
	request.flags = unix.IFF_TUN | unix.IFF_NO_PI | flags
	control(descriptor, unix.TUNSETIFF, uintptr(unsafe.Pointer(&request)))
	if flags&unix.IFF_VNET_HDR != 0 {
		control(descriptor, unix.TUNSETOFFLOAD, offloadChecksum|offloadTCPv4|offloadTCPv6)
	}
	return descriptor
}

// offloadEndpoint exchanges TCP super-segments with a TUN device that has a virtio-net header.
type offloadEndpoint struct {
	descriptor int
	mtu        uint32
	dispatcher stack.NetworkDispatcher
}

func (e *offloadEndpoint) MTU() uint32                             { return e.mtu }
func (e *offloadEndpoint) MaxHeaderLength() uint16                 { return 0 }
func (e *offloadEndpoint) LinkAddress() tcpip.LinkAddress          { return "" }
func (e *offloadEndpoint) IsAttached() bool                        { return e.dispatcher != nil }
func (e *offloadEndpoint) Wait()                                   {}
func (e *offloadEndpoint) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }
func (e *offloadEndpoint) AddHeader(stack.PacketBufferPtr)         {}
func (e *offloadEndpoint) GSOMaxSize() uint32                      { return 65535 - 60 }
func (e *offloadEndpoint) SupportedGSO() stack.SupportedGSO        { return stack.HostGSOSupported }
func (e *offloadEndpoint) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}

func (e *offloadEndpoint) Attach(dispatcher stack.NetworkDispatcher) {
	e.dispatcher = dispatcher
	if dispatcher != nil {
		go e.receive()
	}
}

// receive reads into pooled buffers, of which a small packet takes only the first.
func (e *offloadEndpoint) receive() {
	sizes := [...]int{2048, 16384, 16384, 32768}
	var views [len(sizes)]*bufferv2.View
	var virtioHeader [virtioHeaderLength]byte
	iovecs := make([]unix.Iovec, 1+len(sizes))
	iovecs[0].Base = &virtioHeader[0]
	iovecs[0].SetLen(virtioHeaderLength)
	stop, err := unix.Eventfd(0, 0)
	check("eventfd", err)
	for {
		for i, size := range sizes {
			if views[i] == nil {
				views[i] = bufferv2.NewViewSize(size)
				iovecs[1+i] = rawfile.IovecFromBytes(views[i].AsSlice())
			}
		}
		count, err := rawfile.BlockingReadvUntilStopped(stop, e.descriptor, iovecs)
		if err != nil {
			check("read", err)
		}
		rest := count - virtioHeaderLength
		payload := bufferv2.Buffer{}
		for i := 0; rest > 0; i++ {
			view := views[i]
			views[i] = nil
			if rest < view.Size() {
				view.CapLength(rest)
			}
			rest -= view.Size()
			payload.Append(view)
		}
		packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: payload})
		e.dispatcher.DeliverNetworkPacket(header.IPv4ProtocolNumber, packet)
		packet.DecRef()
	}
}

func (e *offloadEndpoint) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	written := 0
	for _, packet := range packets.AsSlice() {
		var virtioHeader [virtioHeaderLength]byte
		options := packet.GSOOptions
		if options.Type != stack.GSONone && options.NeedsCsum {
			*(*uint16)(unsafe.Pointer(&virtioHeader[6])) = options.L3HdrLen
			*(*uint16)(unsafe.Pointer(&virtioHeader[8])) = options.CsumOffset
			virtioHeader[0] = needsChecksum
			if packet.Data().Size() > int(options.MSS) {
				virtioHeader[1] = segmentsTCPv4
				*(*uint16)(unsafe.Pointer(&virtioHeader[2])) = uint16(packet.HeaderSize())
				*(*uint16)(unsafe.Pointer(&virtioHeader[4])) = options.MSS
			}
		}
		var room [16]unix.Iovec
		iovecs := rawfile.AppendIovecFromBytes(room[:0], virtioHeader[:], rawfile.MaxIovs)
		for _, part := range packet.AsSlices() {
			iovecs = rawfile.AppendIovecFromBytes(iovecs, part, rawfile.MaxIovs)
		}
		if err := rawfile.NonBlockingWriteIovec(e.descriptor, iovecs); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}

func echo(connection net.Conn, buffer []byte) {
	io.CopyBuffer(connection, struct{ io.Reader }{connection}, buffer)
}

func sink(connection net.Conn, buffer []byte) {
	for {
		if _, err := connection.Read(buffer); err != nil {
			return
		}
	}
}

func source(connection net.Conn, buffer []byte) {
	for {
		if _, err := connection.Write(buffer); err != nil {
			return
		}
	}
}

func serve(s *stack.Stack, port uint16, service func(net.Conn, []byte), buffers *sync.Pool) {
	listener, err := gonet.ListenTCP(s, tcpip.FullAddress{NIC: 1, Port: port}, ipv4.ProtocolNumber)
	check("listen", err)
	go func() {
		for {
			connection, err := listener.Accept()
			check("accept", err)
			go func() {
				buffer := buffers.Get().(*[bufferSize]byte)
				service(connection, buffer[:])
				connection.Close()
				buffers.Put(buffer)
			}()
		}
	}()
}

func main() {
	if len(os.Args) != 5 {
		check("usage", "gvisor_host NAME ADDRESS MTU offload|plain|napi")
	}
	flags := map[string]uint16{"offload": unix.IFF_VNET_HDR, "napi": unix.IFF_NAPI}[os.Args[4]]
	mtu, err := strconv.Atoi(os.Args[3])
	check("MTU", err)
	descriptor := openTunnel(os.Args[1], flags)
	var endpoint stack.LinkEndpoint
	if flags == unix.IFF_VNET_HDR {
		endpoint = &offloadEndpoint{descriptor: descriptor, mtu: uint32(mtu)}
	} else {
		endpoint, err = fdbased.New(&fdbased.Options{FDs: []int{descriptor}, MTU: uint32(mtu)})
		check("endpoint", err)
	}

	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	sack := tcpip.TCPSACKEnabled(true)
	moderate := tcpip.TCPModerateReceiveBufferOption(true)
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: 8 << 20}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: 8 << 20}
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &moderate, &receive, &send} {
		if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			check("option", err)
		}
	}
	if err := s.CreateNIC(1, endpoint); err != nil {
		check("interface", err)
	}
	address := tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{
			Address:   tcpip.Address(net.ParseIP(os.Args[2]).To4()),
			PrefixLen: 24,
		},
	}
	if err := s.AddProtocolAddress(1, address, stack.AddressProperties{}); err != nil {
		check("address", err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: 1}})

	buffers := &sync.Pool{New: func() any { return new([bufferSize]byte) }}
	serve(s, 7, echo, buffers)
	serve(s, 9, sink, buffers)
	serve(s, 19, source, buffers)
	fmt.Println(7)
	select {}
}
