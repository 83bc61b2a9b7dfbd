import Link from 'next/link'
import { Break } from './break'

export default async function Item({ params }) {
  return (
    <>
      <h1>Item {(await params).id}</h1>
      <Break />
      <Link href="/item/8">Item 8</Link> <Link href="/">Home</Link>
    </>
  )
}
