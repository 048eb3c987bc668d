#!/usr/bin/env perl
# Greets everyone whose name it is told.
#
#   wsinetd --port 8080 docs/examples/greeter.pl
use strict;
use warnings;

$| = 1;    # write each line when it is printed, not 8 KiB later

while (my $name = <STDIN>) {
    chomp $name;
    print "Hello, $name!\n";
}
