// The header lines that a route has a say in: those it adds, with what belongs to this request filled in, and the
// trailers it lets pass.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

void Exchange::write_edits(http::Writer& to, const route::Edits& edits) const {
    const std::string_view lines = edits.lines;
    std::size_t written = 0;
    for (const auto& fill : edits.fills) {
        to << lines.substr(written, fill.at - written);
        written = fill.at;
        switch (fill.what) {
            case config::Placeholder::client: {
                char text[64];
                to << (asked_.facts.client.is_ip ? std::string_view(text, asked_.facts.client.write(text)) : "unknown");
                break;
            }
            case config::Placeholder::host:
                to << (asked_.facts.host.empty() && fill.in_host && lease_.endpoint != nullptr
                           ? std::string_view(lease_.endpoint->configured)
                           : asked_.facts.host);
                break;
            case config::Placeholder::target:
                to << asked_.target.path << asked_.target.tail;
                break;
            case config::Placeholder::request_id:
                to << request_id_.text();
                break;
            case config::Placeholder::client_cn:
                to << certificate_says("client.cn");
                break;
            case config::Placeholder::client_dns:
                to << certificate_says("client.dns");
                break;
            case config::Placeholder::client_fingerprint:
                to << certificate_says("client.fingerprint");
                break;
            case config::Placeholder::client_subject:
                to << certificate_says("client.subject");
                break;
            case config::Placeholder::client_uri:
                to << certificate_says("client.uri");
                break;
            case config::Placeholder::client_verified:
                to << (certificate_says("client.verified") == "true" ? "true" : "false");
                break;
        }
    }
    to << lines.substr(written);
}

// The answers that the proxy gives by itself are the route's answers: its edits are the last word on their lines, too.
void Exchange::write_own_answer(http::Writer& to, const http::LocalReply& reply) const {
    if (course_.route == nullptr || course_.route->response_edits.empty()) return http::write_local_reply(to, reply);
    const route::Edits& edits = course_.route->response_edits;
    net::Buffer small(context_.buffers);
    std::string large;
    http::Writer plain(small.room());
    http::write_local_reply(plain, reply);
    std::string_view rest = plain.text();
    if (plain.overflow()) {
        large.resize(largest_own_answer(reply));
        http::Writer again(large);
        http::write_local_reply(again, reply);
        rest = again.text();
    }
    for (bool status_line = true;; status_line = false) {
        const std::string_view line = rest.substr(0, rest.find("\r\n") + 2);
        if (line.size() == 2) break;
        if (status_line || !edits.replaces(line.substr(0, line.find(':')))) to << line;
        rest.remove_prefix(line.size());
    }
    write_edits(to, edits);
    to << rest;
}

// Only a configured body or what is filled in can make it larger than a buffer.
std::size_t Exchange::largest_own_answer(const http::LocalReply& reply) const {
    constexpr std::size_t kOwnLines = 4096;
    std::size_t size = reply.body.size() + reply.extra_lines.size() + reply.detail.size() + kOwnLines;
    if (course_.route != nullptr)
        size +=
            course_.route->response_edits.lines.size() + course_.route->response_edits.fills.size() * http::kMaxHead;
    return size;
}

void Exchange::write_announcement(http::Writer& to, const std::vector<std::string>& trailers) const {
    if (trailers.empty()) return;
    to << "Trailer: ";
    for (std::size_t i = 0; i < trailers.size(); ++i) to << (i == 0 ? "" : ", ") << trailers[i];
    to << "\r\n";
}

}  // namespace switchyard::serve
