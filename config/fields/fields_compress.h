// Keys of `compress`, of routes. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/compress.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Compress>) {
    field(
        "encodings", &Compress::encodings,
        {.doc = "gzip, br and zstd, or some of them: the earlier is preferred where a client likes several as much.",
         .if_empty = "expected at least one of gzip, br and zstd: take \"compress\" out where nothing is compressed"});
    field("types", &Compress::types,
          {.doc = "Media types that are compressed: whole ones, all of a kind (text/*), or * for every type."});
    field("min_size", &Compress::min_size,
          {.doc = "Answers that are known to be smaller go as they are.", .bytes = true});
    field("gzip_level", &Compress::gzip_level, {.doc = "Effort of gzip.", .min = 1, .max = kGzipLevel});
    field("brotli_level", &Compress::brotli_level, {.doc = "Effort of br.", .min = 0, .max = kBrotliLevel});
    field("zstd_level", &Compress::zstd_level, {.doc = "Effort of zstd.", .min = 1, .max = kZstdLevel});
}

}  // namespace switchyard::config
