// Keys of `access`, of listeners and of routes. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/access.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Access>) {
    field(
        "allow", &Access::allow,
        {.doc = "Clients that are let in: address blocks (CIDR), \"unix\" for whoever comes by a unix socket, \"all\". "
                "Where the list is there, whom no block names is refused.",
         .if_empty = "expected at least one block: an empty list would let no client in, and none at all every client; "
                     "\"deny\": [\"all\"] closes it"});
    field("deny", &Access::deny,
          {.doc =
               "Clients that are refused, written likewise. Of the blocks that a client is in the narrowest decides."});
}

}  // namespace switchyard::config
