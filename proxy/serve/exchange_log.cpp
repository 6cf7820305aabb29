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
    entry.wall_us = record_.started_us + context_.wall_ahead_us;
    entry.id = request_id_.text();
    entry.client = {client, address.write(client)};
    entry.listener = course_.listener->name;
    if (asked_.head.size > 0) {
        entry.method = asked_.method();
        entry.host = asked_.facts.host;
        entry.path = asked_.target.path;
        entry.protocol_minor = asked_.head.minor;
    }
    entry.status = record_.status;
    entry.bytes_in = record_.bytes_in;
    entry.bytes_out = record_.bytes_out;
    if (course_.route != nullptr) entry.route = course_.route->name;
    if (course_.route != nullptr && course_.decision.rule >= 0)
        entry.rule = course_.route->rules[static_cast<std::size_t>(course_.decision.rule)].name;
    if (course_.upstream != nullptr) entry.upstream = course_.upstream->name;
    if (last_endpoint_ != nullptr) entry.endpoint = last_endpoint_->text;
    entry.attempts = record_.attempts;
    entry.generation = course_.in_force->snapshot->generation;
    if (record_.first_byte_us != 0) entry.first_byte_us = record_.first_byte_us - record_.started_us;
    entry.duration_us = context_.now_us - record_.started_us;
    entry.flag = record_.failure == Failure::none && course_.rerouted ? "rerouted" : traits(record_.failure).flag;
    if (record_.failure != Failure::none) entry.refused = refused_answer_.empty() ? asked_.refusal : refused_answer_;
    context_.access_log->filled(serve::write_access_line(room, entry, context_.line_clock));
}

}  // namespace switchyard::serve
