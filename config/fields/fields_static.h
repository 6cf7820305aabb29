// Keys of `static`, of routes. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/fields/fields_compress.h"
#include "config/model/static_files.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<StaticFiles>) {
    field("root", &StaticFiles::root, {.doc = "Folder: the whole path is looked for below it."});
    field("alias", &StaticFiles::alias,
          {.doc = "Folder: what is behind the route's path_prefix is looked for below it."});
    field("index", &StaticFiles::index, {.doc = "Names that are looked for where a path ends with '/'."});
    field("fallback", &StaticFiles::fallback,
          {.doc = "A path that is answered with 200 where there is no file: a page that finds its way by itself."});
    field("precompressed", &StaticFiles::precompressed,
          {.doc = "Codings of files that stand beside the plain ones: FILE.br, FILE.zst, FILE.gz."});
    field("types", &StaticFiles::types, {.doc = "Content types by the ending of a name, before those that are known."});
    field("dot_files", &StaticFiles::dot_files, {.doc = "Names that begin with a dot are answered, too."});
}

}  // namespace switchyard::config
