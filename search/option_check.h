// Refusing what an algorithm's options may not be.
#pragma once

namespace edgefront {

/// Throws InputError "`algorithm`: `key` = `value`; accepted: `accepted`" unless `good`.
void require_option(bool good, const char* algorithm, const char* key, int value,
                    const char* accepted);
void require_option(bool good, const char* algorithm, const char* key, double value,
                    const char* accepted);

}  // namespace edgefront
