#!/bin/bash
# Whether the broker handles requests: sends ApiVersions (key 18, version 0, correlation 7, no client id) and waits for
# the answer's correlation. An open port says less, and the tools of Kafka start a JVM for every look.
set -eu
exec 3<> /dev/tcp/127.0.0.1/9092
printf '\0\0\0\012\0\022\0\0\0\0\0\007\377\377' >&3
answer=$(timeout 3 head -c 8 <&3 | od -An -tx1 | tr -d ' \n')
[[ ${answer:8} == 00000007 ]]
