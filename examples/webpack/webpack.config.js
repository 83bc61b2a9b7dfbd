// The names of chunks and assets hold their hash; `publicPath` is where index.html loads them from.
export default {
  mode: 'production',
  output: { chunkFilename: '[contenthash].js', assetModuleFilename: '[contenthash][ext]', publicPath: '/dist/', clean: true },
}
