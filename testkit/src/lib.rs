//! Software keys, hostile peers and scripted phones for tests and the demo; never part of a product.
