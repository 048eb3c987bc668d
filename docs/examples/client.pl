#!/usr/bin/env perl
# A WebSocket client for the terminal: what you type goes out line by line, what comes is printed, and at the end it
# tells the close code. Needs nothing but the perl every Debian has.
#
#   docs/examples/client.pl ws://localhost:8080/
#   printf 'Ada\nGrace\n' | docs/examples/client.pl ws://localhost:8080/ 'Origin: http://localhost:8080'
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($url, @headers) = @ARGV;
$url //= 'ws://localhost:8080/';
my ($host, $port, $path) = $url =~ m{^ws://([^/:]+)(?::(\d+))?(/.*)?$}
    or die "usage: $0 [ws://HOST[:PORT][/PATH] [HEADER]...]\n";
$port //= 80;
$path //= '/';
$| = 1;

my $socket = IO::Socket::INET->new(PeerHost => $host, PeerPort => $port) or die "$host:$port: $@\n";

# The handshake: RFC 6455, section 4.1. uuencode and base64 differ in their alphabets only.
(my $key = substr pack('u', join '', map { chr rand 256 } 1 .. 16), 1, 22) =~ tr{`!-_}{A-Za-z0-9+/};
print $socket join("\r\n", "GET $path HTTP/1.1", "Host: $host:$port", 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Version: 13', "Sec-WebSocket-Key: $key==", @headers, '', '');
my $in = '';
while ($in !~ /\r\n\r\n/) { more() or die "the server hung up\n" }
(my $head, $in) = split /\r\n\r\n/, $in, 2;
$head =~ m{^HTTP/1\.1 101 } or die "refused: $head\n$in\n";

my ($typed, $patience) = ('', undef);
my $waiting = IO::Select->new($socket, \*STDIN);
messages();
while (1) {
    my @ready = $waiting->can_read($patience);
    send_frame(8, pack 'n', 1000) if !@ready;
    for my $ready (@ready) {
        if ($ready == $socket) {
            more() or die "the connection broke without a close frame (1006)\n";
            messages();
        } elsif (sysread STDIN, $typed, 65536, length $typed) {
            send_frame(1, $1) while $typed =~ s/^([^\n]*)\n//;
        } else {
            # End of input: say goodbye when nothing has come for two seconds.
            send_frame(1, $typed) if length $typed;
            $waiting->remove(\*STDIN);
            $patience = 2;
        }
    }
}

sub more { sysread $socket, $in, 65536, length $in }

# A frame, masked as a client's must be: section 5.2.
sub send_frame {
    my ($opcode, $payload) = @_;
    my $length = length $payload;
    my $mask = join '', map { chr rand 256 } 1 .. 4;
    my $frame = chr(0x80 | $opcode);
    if ($length < 126) { $frame .= chr(0x80 | $length) }
    elsif ($length < 65536) { $frame .= chr(0x80 | 126) . pack 'n', $length }
    else { $frame .= chr(0x80 | 127) . pack 'Q>', $length }
    print $socket $frame, $mask, $payload ^ substr $mask x ($length / 4 + 1), 0, $length;
}

# Prints the messages that are whole, answers pings, ends at a close frame.
sub messages {
    while (length $in >= 2) {
        my ($opcode, $length, $at) = (ord($in) & 15, ord(substr $in, 1) & 127, 2);
        if ($length == 126) { return if length $in < 4; ($length, $at) = (unpack('n', substr $in, 2, 2), 4) }
        if ($length == 127) { return if length $in < 10; ($length, $at) = (unpack('Q>', substr $in, 2, 8), 10) }
        return if length $in < $at + $length;
        my $final = ord($in) & 0x80;
        my $payload = substr $in, $at, $length;
        substr $in, 0, $at + $length, '';
        if ($opcode == 9) { send_frame(10, $payload) }
        elsif ($opcode == 8) {
            send_frame(8, substr $payload, 0, 2);
            my @said = grep { length } unpack 'n a*', $payload;    # code and reason, if there are any
            print STDERR 'closed: ', @said ? "@said" : 'no code', "\n";
            exit;
        } elsif ($opcode < 3) { print $payload, $final ? "\n" : '' }
    }
}
