// The access line of an exchange: written once, into the worker's ring; without room there it is dropped and counted.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

void Exchange::write_access_line() const {
    const auto room = context_.access_log->room(kMaxAccessLine);
    if (room.empty()) {
        ++context_.counts.log_dropped;
        return;
    }
    char client[64];
    const auto& address = asked_.facts.head != nullptr ? asked_.facts.client : client_.address();
    AccessEntry entry;
    entry.wall_us = account_.record.started_us + context_.wall_ahead_us;
    entry.id = request_id_.text();
    entry.client = {client, address.write(client)};
    entry.listener = course_.listener->name;
    if (client_.framed() != nullptr) entry.protocol = "HTTP/2";
    if (asked_.head.size > 0) {
        entry.method = asked_.method();
        entry.host = asked_.facts.host;
        entry.path = asked_.target.path;
        if (client_.framed() == nullptr) entry.protocol = asked_.head.minor == 1 ? "HTTP/1.1" : "HTTP/1.0";
    }
    entry.status = account_.record.status;
    entry.grpc_status = account_.record.grpc_status;
    entry.bytes_in = account_.record.bytes_in;
    entry.bytes_out = account_.record.bytes_out;
    if (course_.route != nullptr) entry.route = course_.route->name;
    if (course_.route != nullptr && course_.decision.rule >= 0)
        entry.rule = course_.route->rules[static_cast<std::size_t>(course_.decision.rule)].name;
    if (course_.upstream != nullptr) entry.upstream = course_.upstream->name;
    if (lease_.last() != nullptr) entry.endpoint = lease_.last()->text;
    entry.attempts = account_.record.attempts;
    entry.generation = course_.in_force->snapshot->generation;
    if (account_.record.first_byte_us != 0)
        entry.first_byte_us = account_.record.first_byte_us - account_.record.started_us;
    entry.duration_us = context_.now_us - account_.record.started_us;
    entry.flag = account_.record.failure == Failure::none && course_.rerouted ? "rerouted"
                                                                              : traits(account_.record.failure).flag;
    if (account_.record.failure != Failure::none)
        entry.refused = attempt_.answer().refused.empty() ? asked_.refusal : attempt_.answer().refused;
    context_.access_log->filled(serve::write_access_line(room, entry, context_.line_clock));
}

}  // namespace switchyard::serve
