// Labelled images as single files, one folder a class.
#pragma once

#include <string>

#include "evaluators/dataset.h"

namespace edgefront {

/// Reads FOLDER/train/CLASS/IMAGE and FOLDER/test/CLASS/IMAGE. Classes are the folders of train in
/// the order of their bytes, 2 to 256, the same in test; each has one image at least, in the order
/// of their names; whatever begins with a dot is passed over. All images have one size and number
/// of channels. Throws InputError that names the file or folder. Mean, deviation and digest are
/// left to the caller.
Dataset load_image_folder(const std::string& folder);

}  // namespace edgefront
