#!/usr/bin/perl
# Perl's Mojolicious, driven as remote.js says.
use strict;
use warnings;
use Mojo::IOLoop;
use Mojo::IOLoop::Stream;
use Mojo::JSON qw(decode_json encode_json true);
use Mojo::UserAgent;
use Mojo::Util qw(b64_decode b64_encode);

$| = 1;
sub tell_all { print encode_json(shift), "\n" }

my $agent = Mojo::UserAgent->new(max_response_size => 0);
$agent->websocket(
    $ARGV[0] => sub {
        my ($self, $socket) = @_;
        die "no websocket\n" unless $socket->is_websocket;
        $socket->max_websocket_size(16 * 1024 * 1024);
        tell_all({open => true});
        $socket->on(text   => sub { my ($s, $bytes) = @_; tell_all({text => Mojo::Util::decode('UTF-8', $bytes)}) });
        $socket->on(binary => sub { my ($s, $bytes) = @_; tell_all({binary => b64_encode($bytes, '')}) });
        $socket->on(
            finish => sub {
                my ($s, $code, $reason) = @_;
                tell_all({closed => {code => $code, reason => $reason // ''}});
                Mojo::IOLoop->stop;
            }
        );
        my $orders = '';
        my $stdin  = Mojo::IOLoop::Stream->new(\*STDIN)->timeout(0);
        $stdin->on(
            read => sub {
                my ($s, $bytes) = @_;
                $orders .= $bytes;
                while ($orders =~ s/^(.*)\n//) {
                    my $order = decode_json($1);
                    if    (exists $order->{text})   { $socket->send({text   => Mojo::Util::encode('UTF-8', $order->{text})}) }
                    elsif (exists $order->{binary}) { $socket->send({binary => b64_decode($order->{binary})}) }
                    else { $socket->finish($order->{close}{code}, $order->{close}{reason}) }
                }
            }
        );
        Mojo::IOLoop->stream($stdin);
    }
);
Mojo::IOLoop->start;
