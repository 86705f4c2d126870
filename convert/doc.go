// Package convert makes an image in another form: for some of its platforms, with other media types, with layers in
// another compression. What was not asked to change keeps its bytes and its digest; of a document that changes, all
// members that are not concerned are kept, known or unknown, in their order.
package convert
