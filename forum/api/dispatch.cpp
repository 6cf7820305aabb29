#include "forum/api/dispatch.h"

#include "forum/api/authenticate.h"
#include "forum/api/entity_tag.h"
#include "forum/api/throttle.h"
#include "forum/domain/utf8.h"

namespace forum {

namespace {

// Beside it are the page and the probes, which know no accounts.
constexpr std::string_view kApiPaths = "/api/";

// Compares one path with one pattern, segment by segment; "{…}" takes any non-empty segment.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& arguments) {
    arguments.clear();
    while (!pattern.empty() && !path.empty()) {
        const std::size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
        const std::size_t path_end = std::min(path.find('/', 1), path.size());
        const std::string_view wanted = pattern.substr(0, pattern_end);
        const std::string_view given = path.substr(0, path_end);
        if (wanted.size() > 1 && wanted[1] == '{') {
            if (given.size() < 2) return false;
            arguments.emplace_back(given.substr(1));
        } else if (wanted != given) {
            return false;
        }
        pattern.remove_prefix(pattern_end);
        path.remove_prefix(path_end);
    }
    return pattern.empty() && path.empty();
}

bool texts_are_utf8(const Call& call) {
    if (!is_utf8(call.path)) return false;
    for (const auto& [name, value] : call.query) {
        if (!is_utf8(name) || !is_utf8(value)) return false;
    }
    return true;
}

// What is mistyped would be passed over, and of two values one would not count.
void require_known_parameters(const Endpoint& endpoint, const Call& call) {
    for (std::size_t i = 0; i < call.query.size(); ++i) {
        const std::string& name = call.query[i].first;
        if (!endpoint.takes(name)) {
            refuse(400, "bad-parameter",
                   endpoint.parameters.empty()
                       ? "this takes no parameters"
                       : "there is no such parameter here; known are " + std::string(endpoint.parameters));
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (call.query[j].first == name) refuse(400, "bad-parameter", name + " was given twice");
        }
    }
}

void answer_with_tag(const Call& call, Answer& answer) {
    const bool read = call.method == "GET" || call.method == "HEAD";
    if (!read || answer.status != 200) return;
    if (answer.etag.empty()) answer.etag = entity_tag(answer.body);
    if (!call.if_none_match.empty() && tag_matches(call.if_none_match, answer.etag)) {
        answer.status = 304;
        answer.body.clear();
    }
}

}  // namespace

Dispatcher::Dispatcher(Service& service, std::span<const Endpoint> endpoints)
    : service_(service), endpoints_(endpoints) {}

Dispatcher::Found Dispatcher::find(Call& call) const {
    Found found;
    const std::string_view method = call.method == "HEAD" ? std::string_view("GET") : std::string_view(call.method);
    for (const Endpoint& endpoint : endpoints_) {
        if (!matches(endpoint.pattern, call.path, call.arguments)) continue;
        if (endpoint.method == method) {
            found.endpoint = &endpoint;
            return found;
        }
        if (!found.allowed.empty()) found.allowed += ", ";
        found.allowed += endpoint.method;
    }
    return found;
}

Answer Dispatcher::answer_for(const Endpoint& endpoint, Call& call) {
    if (endpoint.access == Access::operators) {
        require_operator(service_, call);
    } else if (endpoint.access == Access::watchers) {
        require_watcher(service_, call);
    } else if (endpoint.pattern.starts_with(kApiPaths)) {
        call.caller = authenticate(service_, call);
        require_access(endpoint.access, call.caller);
        throttle_writes(service_, call);
    }
    return endpoint.handle(service_, call);
}

Dispatched Dispatcher::dispatch(Call& call) {
    Dispatched out{{}, "unknown", ""};
    try {
        if (!texts_are_utf8(call)) refuse(400, "malformed-text", "the address must be strict UTF-8");
        const Found found = find(call);
        if (found.endpoint == nullptr && found.allowed.empty()) refuse_not_found("resource");
        if (found.endpoint == nullptr) {
            out.answer = problem(405, "method-not-allowed", "this resource answers to " + found.allowed);
            out.answer.headers.emplace_back("Allow", found.allowed);
            return out;
        }
        out.operation = found.endpoint->operation;
        if (found.endpoint->pattern.starts_with(kApiPaths)) require_known_parameters(*found.endpoint, call);
        out.answer = answer_for(*found.endpoint, call);
        answer_with_tag(call, out.answer);
    } catch (const Refusal& refusal) {
        out.answer = refusal.answer();
    } catch (const StoreUnavailable& e) {
        out.answer = problem(503, "busy", "the forum could not store this just now; nothing was changed, try again");
        out.failure = e.what();
    } catch (const OutcomeUnknown& e) {
        out.answer = problem(500, "outcome-unknown",
                             "the database was lost while this was stored, so it may be there or not; look, or send it "
                             "again with the same Idempotency-Key");
        out.failure = e.what();
    } catch (const std::exception& e) {
        out.answer = problem(500, "internal", "something went wrong on our side; the request id names the log entry");
        out.failure = e.what();
    }
    return out;
}

}  // namespace forum
