// Model → document, by the field lists: the visitor behind render() and diff().
//
// Threads: one writer, one thread.
#pragma once

#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/fields/condition_json.h"
#include "config/fields/field.h"
#include "config/fields/render.h"
#include "config/model/key.h"
#include "config/text/duration.h"
#include "config/text/size.h"
#include "config/text/spelling.h"

namespace switchyard::config {

enum class Defaults : bool { leave_out, write };

class MemberWriter {
  public:
    using Json = nlohmann::ordered_json;
    static constexpr std::string_view kHidden = "…";  // stands for a secret

    MemberWriter(Secrets secrets, Defaults defaults) : secrets_(secrets), defaults_(defaults) {}

    // Objects that have a field list.
    template <class T>
    Json write(const T& value, const Field&) const {
        Json out = Json::object();
        Members<T> members{*this, value, T{}, out};
        describe(members, Type<T>{});
        return out;
    }

    template <class T>
    Json write(const std::vector<T>& list, const Field& field) const {
        Json out = Json::array();
        for (const auto& value : list) out.push_back(write(value, field));
        return out;
    }

    template <class T>
    Json write(const std::map<std::string, T>& map, const Field& field) const {
        Json out = Json::object();
        // Keys of a map are unique already: no look-up for each.
        auto& members = out.get_ref<Json::object_t&>();
        for (const auto& [key, value] : map) members.push_back({key, write(value, field)});
        return out;
    }

    template <class T>
    Json write(const std::optional<T>& value, const Field& field) const {
        return value ? write(*value, field) : Json(nullptr);
    }

    template <Enumeration T>
    Json write(const T& value, const Field&) const {
        return word(value);
    }

    template <std::unsigned_integral T>
    Json write(const T& value, const Field& field) const {
        if (field.bytes && value != 0) return size_text(value);
        return value;
    }

    Json write(bool value, const Field&) const { return value; }
    Json write(const std::string& value, const Field&) const { return value; }
    Json write(const Secret& value, const Field&) const {
        if (value.from == Secret::From::env) return {{"env", value.text}};
        if (value.from == Secret::From::file) return {{"file", value.text}};
        return secrets_ == Secrets::redact && !value.empty() ? Json(kHidden) : Json(value.text);
    }
    Json write(Duration value, const Field&) const { return duration_text(value); }
    Json write(const Address& value, const Field&) const { return value.text(); }
    Json write(const Key& value, const Field&) const { return key_text(value); }
    Json write(const Condition& value, const Field&) const { return write_condition(value); }

    Json write(const Balance& value, const Field&) const {
        if (value.kind == Balance::Kind::hash) return {{"hash", key_text(value.hash_key)}};
        return word(value.kind);
    }

    Json write(const StatusRange& value, const Field&) const {
        return value.is_one() ? Json(value.first) : Json(value.text());
    }

    Json write(const Split& value, const Field&) const {
        Json out = Json::object();
        for (const auto& [upstream, weight] : value) out[upstream] = weight;
        return out;
    }

  private:
    template <class T>
    struct Members {
        const MemberWriter& writer;
        const T& value;
        const T defaults;
        Json& out;

        template <class M>
        void operator()(std::string_view key, M T::*member, const Field& field) {
            const bool plain = !field.required && value.*member == defaults.*member;
            if (plain && writer.defaults_ == Defaults::leave_out) return;
            out[std::string(key)] = writer.write(value.*member, field);
        }
    };

    Secrets secrets_;
    Defaults defaults_;
};

}  // namespace switchyard::config
