#include "control/admin/call/change_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/text/utf8.h"
#include "control/base/digest.h"

namespace switchyard::control {
namespace {

// Longer ones are a mistake, and they are kept in the store.
constexpr std::size_t kKeyLimit = 200;
constexpr std::size_t kReasonLimit = 1000;

// "43", 43, * or a list; the generation in force satisfies it, or the first number is handed on to be refused.
Result<std::optional<std::uint64_t>> if_match(std::string_view field, std::uint64_t in_force) {
    const auto wrong = problems::bad_request("If-Match must be a generation, such as \"43\"");
    if (field.empty()) return std::optional<std::uint64_t>{};
    std::optional<std::uint64_t> first;
    while (!field.empty()) {
        const auto comma = std::min(field.find(','), field.size());
        auto tag = field.substr(0, comma);
        field.remove_prefix(std::min(comma + 1, field.size()));
        const auto begin = tag.find_first_not_of(" \t\"");
        // "" comes of a script whose variable is empty: it must not turn into a call without a precondition.
        if (begin == std::string_view::npos) return wrong;
        tag = tag.substr(begin, tag.find_last_not_of(" \t\"") - begin + 1);
        if (tag == "*") return std::optional<std::uint64_t>{};
        std::uint64_t value = 0;
        const auto [end, ec] = std::from_chars(tag.data(), tag.data() + tag.size(), value);
        if (ec != std::errc{} || end != tag.data() + tag.size()) return wrong;
        if (value == in_force) return std::optional<std::uint64_t>{value};
        if (!first) first = value;
    }
    return first;
}

std::optional<Problem> unfit(const char* name, std::string_view text, std::size_t limit) {
    if (text.size() > limit) return problems::bad_request(fmt::format("{} is longer than {} bytes", name, limit));
    if (!config::is_utf8(text)) return problems::bad_request(fmt::format("{} is not UTF-8", name));
    return std::nullopt;
}

}  // namespace

Caller caller_of(const AdminRequest& request) {
    return {request.who, request.from, request.header("x-reason")};
}

std::string fingerprint_of(const AdminRequest& request) {
    return sha256_hex(request.method + "\n" + request.path + "\n" + request.header("if-match") + "\n" + request.body);
}

std::optional<Problem> unfit_labels(const AdminRequest& request) {
    // A script's variable that is not set must not turn a call with a precondition, or a key, into one without.
    for (const auto& [field, name] :
         {std::pair{"if-match", "If-Match"}, std::pair{"idempotency-key", "Idempotency-Key"}})
        if (request.headers.contains(field) && request.header(field).empty())
            return problems::bad_request(fmt::format("{} is empty: send none, or a value", name));
    if (auto problem = unfit("Idempotency-Key", request.header("idempotency-key"), kKeyLimit)) return problem;
    return unfit("X-Reason", request.header("x-reason"), kReasonLimit);
}

Result<void> unless_stale(const Controller& controller, const AdminRequest& request) {
    const auto in_force = controller.generation();
    const auto tag = if_match(request.header("if-match"), in_force);
    if (!tag) return tag.error();
    if (*tag && **tag != in_force) return problems::stale(in_force);
    return {};
}

Result<bool> wants(const AdminRequest& request, const std::string& query) {
    const auto said = request.query_value(query).value_or("false");
    if (said != "true" && said != "false")
        return problems::bad_request(fmt::format("?{} must be true or false", query));
    return said == "true";
}

Result<bool> wants_dry_run(const AdminRequest& request) {
    return wants(request, "dry_run");
}

Result<bool> wants_force(const AdminRequest& request) {
    return wants(request, "force");
}

Result<Change> change_call(const Controller& controller, const AdminRequest& request, std::string verb) {
    Change change;
    change.verb = std::move(verb);
    change.caller = caller_of(request);
    change.role = request.role;
    const auto tag = if_match(request.header("if-match"), controller.generation());
    if (!tag) return tag.error();
    change.if_match = *tag;
    const auto dry_run = wants_dry_run(request);
    if (!dry_run) return dry_run.error();
    change.dry_run = *dry_run;
    const auto force = wants_force(request);
    if (!force) return force.error();
    change.force = *force;
    change.idempotency_key = request.header("idempotency-key");
    if (!change.idempotency_key.empty()) change.fingerprint = fingerprint_of(request);
    return change;
}

void read_change_options(CallBody& body, Change& change) {
    change.force = body.flag("force").value_or(false) || change.force;
    change.confirm_within = body.duration("confirm_within");
    if (change.confirm_within && (change.confirm_within->count() <= 0 || *change.confirm_within > kConfirmLimit))
        body.wrong("confirm_within", "must be more than 0 and at most 24h");
    const auto* drain = body.find("drain");
    if (drain == nullptr) return;
    CallBody options(*drain, body.pointer("drain"), {"deadline", "policy"});
    change.drain_deadline = options.duration("deadline");
    if (const auto policy = options.text("policy")) {
        if (*policy == "cut")
            change.drain_policy = DrainPolicy::cut;
        else if (*policy != "leave")
            options.wrong("policy",
                          "must be leave (what is in flight may finish) or cut (it is ended at the deadline)");
        if (*policy == "cut" && !change.drain_deadline)
            options.wrong("deadline", "is required with the policy cut: it says when");
    }
    body.take(options);
}

Answered answer_with(Respond respond) {
    return [respond = std::move(respond)](Answer answer) {
        if (!answer) return respond(reply(answer.error()));
        auto out = reply(to_json(*answer), answer->status());
        out.headers.emplace_back("ETag", '"' + std::to_string(answer->generation) + '"');
        respond(std::move(out));
    };
}

}  // namespace switchyard::control
