#include "config/fields/schema.h"

#include <algorithm>
#include <concepts>
#include <limits>

#include "config/fields/fields_process.h"
#include "config/fields/fields_route.h"
#include "config/fields/fields_upstream.h"
#include "config/fields/member_writer.h"

namespace switchyard::config {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDurationPattern = R"(^(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$)";
constexpr std::string_view kSizePattern = R"(^\d+(B|KiB|MiB|GiB|TiB)?$)";

// The visitor over the field lists that writes the schema of one object.
class SchemaMaker {
  public:
    template <class T>
    Json make(Type<T>, const Field&) {
        Members<T> members{*this, Json::object(), Json::array(), T{}};
        describe(members, Type<T>{});
        Json out{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members.properties)}};
        if (!members.required.empty()) out["required"] = std::move(members.required);
        return out;
    }
    template <class T>
    Json make(Type<std::vector<T>>, const Field& field) {
        Json list{{"type", "array"}, {"items", make(Type<T>{}, field)}};
        if (!field.if_empty.empty()) list["minItems"] = 1;
        return list;
    }
    template <class T>
    Json make(Type<std::map<std::string, T>>, const Field& field) {
        return {{"type", "object"}, {"additionalProperties", make(Type<T>{}, field)}};
    }
    template <class T>
    Json make(Type<std::optional<T>>, const Field& field) {
        return make(Type<T>{}, field);
    }
    template <Enumeration T>
    Json make(Type<T>, const Field&) {
        return {{"enum", words<T>()}};
    }
    template <std::unsigned_integral T>
    Json make(Type<T>, const Field& field) {
        Json number{{"type", "integer"}, {"minimum", field.min}};
        if (field.max >= 0)
            number["maximum"] = field.max;
        else
            number["maximum"] = field.bytes ? limits::kBytes : static_cast<std::int64_t>(std::numeric_limits<T>::max());
        if (!field.bytes) return number;
        return {{"oneOf", Json::array({number, Json{{"type", "string"}, {"pattern", kSizePattern}}})}};
    }
    Json make(Type<bool>, const Field&) { return {{"type", "boolean"}}; }
    Json make(Type<std::string>, const Field& field) {
        if (!field.choices.empty()) return {{"enum", field.choices}};
        return {{"type", "string"}};
    }
    Json make(Type<Secret>, const Field&) {
        const auto named = [](const char* word, const char* pattern) {
            return Json{{"type", "object"},
                        {"additionalProperties", false},
                        {"required", Json::array({word})},
                        {"properties", Json{{word, Json{{"type", "string"}, {"pattern", pattern}}}}}};
        };
        return {{"oneOf", Json::array({Json{{"type", "string"}}, named("env", "^[A-Za-z_][A-Za-z0-9_]*$"),
                                       named("file", "^.+$")})}};
    }
    Json make(Type<Duration>, const Field&) {
        return {{"type", "string"}, {"minLength", 2}, {"pattern", kDurationPattern}};
    }
    Json make(Type<Address>, const Field&) { return {{"type", "string"}, {"pattern", R"(^(unix:/.+|.+:\d{1,5})$)"}}; }
    Json make(Type<Key>, const Field&) {
        return {{"type", "string"}, {"pattern", "^((header|cookie|query|claim):.+|client|method|path|host)$"}};
    }
    Json make(Type<Condition>, const Field&) { return {{"$ref", "#/$defs/condition"}}; }
    Json make(Type<Balance>, const Field& field) {
        const Json hash{{"type", "object"},
                        {"additionalProperties", false},
                        {"required", Json::array({"hash"})},
                        {"properties", Json{{"hash", make(Type<Key>{}, field)}}}};
        return {{"oneOf", Json::array({Json{{"enum", words<Balance::Kind>()}}, hash})}};
    }
    Json make(Type<StatusRange>, const Field&) {
        return {{"oneOf", Json::array({Json{{"type", "integer"}, {"minimum", 100}, {"maximum", 599}},
                                       Json{{"type", "string"}, {"pattern", "^[1-5]xx$"}}})}};
    }
    Json make(Type<Split>, const Field&) {
        return {{"type", "object"},
                {"additionalProperties", Json{{"type", "integer"}, {"minimum", 0}, {"maximum", limits::kWeight}}}};
    }

  private:
    template <class T>
    struct Members {
        SchemaMaker& maker;
        Json properties;
        Json required;
        const T defaults;

        template <class M>
        void operator()(std::string_view key, M T::*member, const Field& field) {
            Json schema = maker.make(Type<M>{}, field);
            schema["description"] = field.doc;
            if (field.required) {
                required.push_back(key);
            } else if (const Json value =
                           MemberWriter(Secrets::keep, Defaults::leave_out).write(defaults.*member, field);
                       !value.is_object() && !value.is_null() && field.if_empty.empty()) {
                schema["default"] = value;
            }
            properties[std::string(key)] = std::move(schema);
        }
    };
};

}  // namespace

Json schema() {
    Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
             {"title", "Switchyard configuration"},
             {"description",
              "Comments (// and /* */) are allowed in the file. Durations: \"500ms\", \"30s\", \"1m30s\"; "
              "sizes: \"16KiB\" or bytes; addresses: host:port, [v6]:port or unix:/path."}};
    out.update(SchemaMaker().make(Type<Model>{}, Field{}));
    out["$defs"] = Json{{"condition", condition_schema()}};
    return out;
}

}  // namespace switchyard::config
