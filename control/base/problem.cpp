#include "control/base/problem.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace switchyard::control {
namespace {

const char* title(unsigned status) {
    switch (status) {
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
            return "Invalid configuration";
        case 429:
            return "Too many failed attempts";
        case 431:
            return "Request head too large";
        case 503:
            return "Not ready";
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
    out["title"] = title(problem.status);
    out["status"] = problem.status;
    out["detail"] = problem.detail;
    if (problem.generation) out["generation"] = *problem.generation;
    if (!problem.errors.empty()) {
        auto& errors = out["errors"] = nlohmann::ordered_json::array();
        for (const auto& e : problem.errors) errors.push_back({{"pointer", e.pointer}, {"detail", e.detail}});
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

}  // namespace problems
}  // namespace switchyard::control
