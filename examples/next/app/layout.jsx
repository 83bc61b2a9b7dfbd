import { WasmRum } from 'wasm-rum/next'

export const metadata = { title: 'wasm-rum and Next.js', icons: 'data:,' }

export default function Layout({ children }) {
  return (
    <html>
      <body>
        <WasmRum app="demo" endpoint={process.env.RUM_ENDPOINT ?? 'https://rum.example.com'} release="next" />
        {children}
      </body>
    </html>
  )
}
