#include "proxy/serve/coded_answer.h"

#include "proxy/compress/fitness.h"
#include "proxy/http/characters.h"

namespace switchyard::serve {
namespace {

unsigned level_of(const config::Compress& compress, config::Encoding encoding) {
    switch (encoding) {
        case config::Encoding::gzip:
            return compress.gzip_level;
        case config::Encoding::brotli:
            return compress.brotli_level;
        case config::Encoding::zstd:
            break;
    }
    return compress.zstd_level;
}

// The line for caches, where the answer says no such thing.
void say_it_varies(std::string& lines, const EndpointAnswer& answer, const char* base, const route::Edits& edits) {
    if (edits.replaces("vary")) return;
    for (std::uint16_t i = 0; i < answer.head.field_count; ++i) {
        const http::Field& field = answer.head.fields[i];
        if (field.drop || !http::equals_lower(field.name.of(base), "vary")) continue;
        for (std::string_view rest = field.value.of(base); !rest.empty();) {
            const std::string_view member = http::take_member(rest);
            if (member == "*" || http::equals_lower(member, "accept-encoding")) return;
        }
    }
    lines += "Vary: Accept-Encoding\r\n";
}

// Length and ranges are those of other octets; so is a tag that stands for octets (RFC 9110 §8.8.3): it becomes a weak
// one.
void take_out(std::string& lines, EndpointAnswer& answer, const char* base, const route::Edits& edits) {
    for (std::uint16_t i = 0; i < answer.head.field_count; ++i) {
        http::Field& field = answer.head.fields[i];
        const std::string_view name = field.name.of(base), value = field.value.of(base);
        if (field.id == http::FieldName::content_length || http::equals_lower(name, "accept-ranges") ||
            http::equals_lower(name, "content-encoding")) {
            field.drop = true;
        } else if (http::equals_lower(name, "etag") && !value.starts_with("W/") && !edits.replaces("etag")) {
            field.drop = true;
            (((lines += "ETag: W/") += value) += "\r\n");
        }
    }
}

}  // namespace

CodedAnswer::Coded CodedAnswer::decide(const HeadSources& from, EndpointAnswer& answer, const char* base,
                                       WorkerContext& context) {
    const route::Asked& asked = from.asked;
    if (answer.opens_tunnel(asked) || asked.grpc.is) return Coded::not_meant;
    const http::Body& coming = answer.guarded.body;
    const config::Compress& compress = *from.course.route->compress;
    std::optional<std::uint64_t> length;
    if (coming.kind == http::Body::Kind::length) length = coming.length;
    const auto fitness =
        compress::fitness_of(compress, {asked.facts.base, asked.head, asked.method(), base, answer.head, length});
    const route::Edits& edits = from.course.route->response_edits;
    if (fitness.varies) say_it_varies(lines, answer, base, edits);
    if (!fitness.is_coded) return Coded::not_meant;
    if (!coming.empty()) {
        const bool small = length && *length <= compress::Coder::kSmall;
        auto coder = context.coders.take({fitness.encoding, level_of(compress, fitness.encoding), small});
        if (coder == nullptr) return Coded::no_room;
        body = std::make_unique<CodedBody>(context.buffers, context.coders, std::move(coder), !length);
    } else if (!fitness.unchanged && asked.method() != "HEAD") {
        return Coded::not_meant;  // there is nothing to code
    }
    take_out(lines, answer, base, edits);
    if (!fitness.unchanged) ((lines += "Content-Encoding: ") += word(fitness.encoding)) += "\r\n";
    return Coded::yes;
}

}  // namespace switchyard::serve
