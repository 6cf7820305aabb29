// Document → model, by the field lists: the visitor behind parse().
//
// Invariants: reads everything it can and reports every wrong place once. A wrong value leaves the default in place and
//   wrong elements keep their position, so that pointers of later checks stay true.
// Threads: one reader, one thread.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/fields/condition_json.h"
#include "config/fields/field.h"
#include "config/model/address.h"
#include "config/model/limits.h"
#include "config/model/route.h"
#include "config/model/secret.h"
#include "config/model/upstream.h"
#include "config/text/duration.h"
#include "config/text/error.h"
#include "config/text/found.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"
#include "config/text/spelling.h"

namespace switchyard::config {

class Reader {
  public:
    using Json = nlohmann::ordered_json;

    std::vector<Error> errors;
    std::size_t more = 0;  // that are not told

    // Objects that have a field list.
    template <class T>
    void read(const Json& json, const std::string& at, const Field&, T& out) {
        if (!json.is_object()) return expected(json, at, "an object");
        Members<T> members{*this, json, at, out, {}};
        describe(members, Type<T>{});
        for (const auto& item : json.items())
            if (std::ranges::find(members.known, item.key()) == members.known.end())
                fail(pointer_to(at, item.key()), "unknown key " + unknown_word(item.key(), members.known));
    }

    template <class T>
    void read(const Json& json, const std::string& at, const Field& field, std::vector<T>& out) {
        if (!json.is_array()) return expected(json, at, "a list");
        if (json.empty() && !field.if_empty.empty()) return fail(at, std::string(field.if_empty));
        out.clear();
        for (std::size_t i = 0; i < json.size(); ++i) read(json[i], pointer_to(at, i), field, out.emplace_back());
    }

    template <class T>
    void read(const Json& json, const std::string& at, const Field& field, std::map<std::string, T>& out) {
        if (!json.is_object()) return expected(json, at, "an object");
        for (const auto& item : json.items()) read(item.value(), pointer_to(at, item.key()), field, out[item.key()]);
    }

    template <class T>
    void read(const Json& json, const std::string& at, const Field& field, std::optional<T>& out) {
        read(json, at, field, out.emplace());
    }

    template <Enumeration T>
    void read(const Json& json, const std::string& at, const Field&, T& out) {
        read_choice(json, at, words<T>(), [&](const std::string& text) { out = *parse_word<T>(text); });
    }

    template <std::unsigned_integral T>
    void read(const Json& json, const std::string& at, const Field& field, T& out) {
        if (field.bytes && json.is_string()) {
            if (const auto size = read_size(json, at, field)) out = static_cast<T>(*size);
        } else if (const auto number = read_number(json, at, field, field.bytes ? limits::kBytes : kLargest<T>)) {
            out = static_cast<T>(*number);
        }
    }

    void read(const Json& json, const std::string& at, const Field& field, bool& out);
    void read(const Json& json, const std::string& at, const Field& field, std::string& out);
    void read(const Json& json, const std::string& at, const Field& field, Duration& out);
    void read(const Json& json, const std::string& at, const Field& field, Address& out);
    void read(const Json& json, const std::string& at, const Field& field, Key& out);
    void read(const Json& json, const std::string& at, const Field& field, Balance& out);
    void read(const Json& json, const std::string& at, const Field& field, Condition& out);
    void read(const Json& json, const std::string& at, const Field& field, Split& out);
    void read(const Json& json, const std::string& at, const Field& field, Secret& out);
    void read(const Json& json, const std::string& at, const Field& field, StatusRange& out);

  private:
    template <class T>
    struct Members {
        Reader& reader;
        const Json& json;
        const std::string& at;
        T& out;
        std::vector<std::string> known;

        template <class M>
        void operator()(std::string_view key, M T::*member, const Field& field) {
            known.emplace_back(key);
            if (const auto value = json.find(known.back()); value != json.end())
                reader.read(*value, pointer_to(at, key), field, out.*member);
            else if (field.required)
                reader.fail(at, fmt::format("the key \"{}\" is missing", key));
        }
    };

    template <class T>
    static constexpr std::int64_t kLargest = std::cmp_less(std::numeric_limits<T>::max(),
                                                           std::numeric_limits<std::int64_t>::max())
                                                 ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
                                                 : std::numeric_limits<std::int64_t>::max();

    template <class Take>
    void read_choice(const Json& json, const std::string& at, const std::vector<std::string>& choices, Take take) {
        if (!json.is_string()) return expected(json, at, "one of " + fmt::format("{}", fmt::join(choices, ", ")));
        const auto& text = json.get_ref<const std::string&>();
        if (std::ranges::find(choices, text) == choices.end())
            return fail(at, "unknown value " + unknown_word(text, choices));
        take(text);
    }

    void fail(std::string at, std::string detail) {
        if (errors.size() < limits::kErrors)
            errors.push_back({std::move(at), std::move(detail)});
        else
            ++more;
    }
    void expected(const Json& json, const std::string& at, std::string_view what);
    std::optional<std::int64_t> read_number(const Json& json, const std::string& at, const Field& field,
                                            std::int64_t largest);
    std::optional<std::int64_t> read_size(const Json& json, const std::string& at, const Field& field);
};

}  // namespace switchyard::config
