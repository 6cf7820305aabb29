#include "control/base/problem.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace switchyard::control {
namespace {

const char* title(const Problem& problem) {
    switch (problem.status) {
        case 400:
            return "Bad request";
        case 401:
            return "Not authenticated";
        case 403:
            return "Not allowed";
        case 404:
            return "Not found";
        case 405:
            return "Method not allowed";
        case 408:
            return "Request took too long";
        case 409:
            return "Conflict";
        case 412:
            return "Changed by someone else";
        case 413:
            return "Request too large";
        case 422:
            // Without a place in a document it is the call itself: a program that cannot be run, a key that was used.
            return problem.errors.empty() ? "Cannot be done as asked" : "Invalid configuration";
        case 429:
            return "Too many failed attempts";
        case 431:
            return "Request head too large";
        case 503:
            return "Not available now";
        case 507:
            return "No room to store the change";
        default:
            return "Internal error";
    }
}

}  // namespace

nlohmann::ordered_json to_json(const Problem& problem) {
    nlohmann::ordered_json out;
    out["type"] = "urn:switchyard:problem:" + problem.kind;
    out["title"] = title(problem);
    out["status"] = problem.status;
    out["detail"] = problem.detail;
    if (problem.generation) out["generation"] = *problem.generation;
    if (!problem.errors.empty()) {
        auto& errors = out["errors"] = nlohmann::ordered_json::array();
        for (const auto& e : problem.errors) errors.push_back({{"pointer", e.pointer}, {"detail", e.detail}});
    }
    if (!problem.conflicts.empty()) {
        const auto value = [](const std::string& text) {
            return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json::parse(text, nullptr, false);
        };
        auto& conflicts = out["conflicts"] = nlohmann::ordered_json::array();
        for (const auto& c : problem.conflicts)
            conflicts.push_back({{"pointer", c.pointer},
                                 {"detail", c.detail},
                                 {"base", value(c.base)},
                                 {"file", value(c.file)},
                                 {"state", value(c.state)}});
    }
    return out;
}

namespace problems {

Problem bad_request(std::string detail) {
    return {400, "bad-request", std::move(detail), {}, {}};
}
Problem unauthorized(std::string detail) {
    return {401, "unauthorized", std::move(detail), {}, {}};
}
Problem forbidden(std::string detail) {
    return {403, "forbidden", std::move(detail), {}, {}};
}
Problem not_found(std::string detail) {
    return {404, "not-found", std::move(detail), {}, {}};
}
Problem conflict(std::string detail) {
    return {409, "conflict", std::move(detail), {}, {}};
}
Problem stale(std::uint64_t in_force) {
    return {412,
            "stale",
            "generation " + std::to_string(in_force) + " is in force; read it again and repeat the change",
            {},
            in_force};
}
Problem invalid(std::vector<config::Error> errors, const std::string& what) {
    std::string detail = "the " + what + " has " + std::to_string(errors.size()) +
                         (errors.size() == 1 ? " error" : " errors") + "; nothing was changed";
    if (errors.size() == 1) {
        const std::string& place = errors[0].pointer.empty() ? what : errors[0].pointer;  // empty: the whole document
        detail = place + ": " + errors[0].detail + "; nothing was changed";
    }
    return {422, "invalid", std::move(detail), std::move(errors), {}};
}
Problem invalid(std::string detail) {
    return {422, "invalid", std::move(detail), {}, {}};
}
Problem internal(std::string detail) {
    return {500, "internal", std::move(detail), {}, {}};
}
Problem store_full(std::string detail) {
    return {507, "store-full", std::move(detail), {}, {}};
}
Problem store_unavailable(std::string detail) {
    return {503, "store_unavailable", std::move(detail), {}, {}};
}
Problem store_busy(const std::string& why) {
    return {503, kStoreBusy, why + "; nothing was changed, traffic goes on: try again in a moment", {}, {}};
}
Problem file_conflict(std::vector<config::Conflict> conflicts) {
    std::string detail = conflicts.size() == 1 ? conflicts[0].pointer + ": " + conflicts[0].detail
                                               : "the file and changes at run time contradict each other in " +
                                                     std::to_string(conflicts.size()) + " places";
    std::vector<config::Error> errors;
    for (const auto& c : conflicts) errors.push_back({c.pointer, c.detail});
    Problem problem{409, kFileConflict, detail + "; nothing was changed", std::move(errors), {}};
    problem.conflicts = std::move(conflicts);
    return problem;
}

}  // namespace problems
}  // namespace switchyard::control
