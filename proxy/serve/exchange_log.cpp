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
    const auto& address = facts_.head != nullptr ? facts_.client : client_.address();
    AccessEntry entry;
    entry.wall_us = record_.started_us + context_.wall_ahead_us;
    entry.id = {request_id_, request_id_size_};
    entry.client = {client, address.write(client)};
    entry.listener = listener_->name;
    if (request_.size > 0) {
        entry.method = method();
        entry.host = host_;
        entry.path = target_.path;
        entry.protocol_minor = request_.minor;
    }
    entry.status = record_.status;
    entry.bytes_in = record_.bytes_in;
    entry.bytes_out = record_.bytes_out;
    if (route_ != nullptr) entry.route = route_->name;
    if (route_ != nullptr && decision_.rule >= 0)
        entry.rule = route_->rules[static_cast<std::size_t>(decision_.rule)].name;
    if (upstream_ != nullptr) entry.upstream = upstream_->name;
    if (asked_ != nullptr) entry.endpoint = asked_->text;
    entry.attempts = record_.attempts;
    entry.generation = in_force_->snapshot->generation;
    if (record_.first_byte_us != 0) entry.first_byte_us = record_.first_byte_us - record_.started_us;
    entry.duration_us = context_.now_us - record_.started_us;
    entry.flag = record_.failure == Failure::none && rerouted_ ? "rerouted" : traits(record_.failure).flag;
    if (record_.failure != Failure::none) entry.refused = refused_answer_.empty() ? refusal_ : refused_answer_;
    context_.access_log->filled(serve::write_access_line(room, entry, context_.line_clock));
}

}  // namespace switchyard::serve
