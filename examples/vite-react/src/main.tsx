import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter, Link, Outlet, Route, Routes, useLocation, useParams } from 'react-router'
import { ErrorBoundary, init, reactErrors, useRoute } from 'wasm-rum/react'

// The collector answers at the page's own host; else this is its address.
init({ app: 'demo', endpoint: '/', release: 'react' })

/** Around all pages: views are called `/` and `/item/:id`. */
const Layout = () => {
  useRoute(useLocation().pathname, useParams())
  return <Outlet />
}

const Home = () => <Link to="/item/7">Item 7</Link>

const Broken = () => {
  throw new RangeError('out of stock')
}

const Item = () => {
  const { id } = useParams()
  const [broken, setBroken] = useState(false)
  return (
    <ErrorBoundary fallback={(error, reset) => <button onClick={() => (setBroken(false), reset())}>{`${error}: again`}</button>}>
      <h1>Item {id}</h1>
      {broken ? <Broken /> : <button onClick={() => setBroken(true)}>Break</button>}
      <Link to="/item/8">Item 8</Link> <Link to="/">Home</Link>
    </ErrorBoundary>
  )
}

createRoot(document.getElementById('app')!, reactErrors()).render(
  <StrictMode>
    <BrowserRouter>
      <Routes>
        <Route element={<Layout />}>
          <Route path="/" element={<Home />} />
          <Route path="/item/:id" element={<Item />} />
        </Route>
      </Routes>
    </BrowserRouter>
  </StrictMode>,
)
